// Ops that run a block: what a block may do to the variables around it.

#include <gtest/gtest.h>

#include "paddle/runtime/executor.h"
#include "tests/cpp/runtime/toy_ops.h"

namespace paddle {
namespace {

using toy::Append;
using toy::MakeTensor;
using toy::Values;
using Floats = std::vector<float>;

class BlockTest : public testing::Test {
 protected:
  BlockTest() { block_.Var("c"), block_.Var("x"); }

  // A toy_if over `c` with a block that is filled by `fill`; `out` is what the op says that it writes.
  template <class Fill>
  void If(const std::vector<std::string>& out, Fill fill) {
    BlockDesc& sub = program_.AppendBlock(block_);
    fill(sub);
    Append(block_, "toy_if", {{"Cond", {"c"}}}, {{"Out", out}}).SetAttr("sub_block", BlockRef{sub.index()});
  }
  std::vector<Variable> Run(bool condition, const Floats& x, const std::vector<std::string>& fetches) {
    const std::vector<Feed> feeds{{"c", MakeTensor({condition ? 1.0f : -1.0f})}, {"x", MakeTensor(x)}};
    return executor_.Run(program_, scope_, feeds, fetches);
  }
  Tensor& Persistable(const std::string& name, const Floats& values) {
    block_.Var(name).set_persistable(true);
    Tensor& tensor = scope_.Var(name).Become<Tensor>();
    toy::SetTensor(tensor, values);
    return tensor;
  }

  ProgramDesc program_;
  BlockDesc& block_ = program_.block(0);
  Executor executor_;
  Scope scope_;
};

TEST_F(BlockTest, WhatABlockResizesHasTheOtherSizeAgainInTheNextRun) {
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  If({"a"}, [](BlockDesc& sub) { Append(sub, "toy_add", {{"X", {"c"}}, {"Y", {"c"}}}, {{"Out", {"a"}}}); });
  Append(block_, "toy_add", {{"X", {"a"}}, {"Y", {"a"}}}, {{"Out", {"b"}}});
  for (const bool condition : {false, true, false, false, true, false})
    EXPECT_EQ(Values(Run(condition, Floats(1000, 1), {"b"})[0]), condition ? Floats{4} : Floats(1000, 4));
}

TEST_F(BlockTest, APersistableStaysWhenTheBlockDoesNotRun) {
  for (const std::vector<std::string>& listed : {std::vector<std::string>{"w"}, std::vector<std::string>{}}) {
    SCOPED_TRACE(listed.size());
    const Tensor& w = Persistable("w", {7, 7, 7});
    If(listed, [](BlockDesc& sub) { Append(sub, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"w"}}}); });
    Append(block_, "toy_add", {{"X", {"w"}}, {"Y", {"w"}}}, {{"Out", {"b"}}});
    EXPECT_EQ(Values(Run(false, {1}, {"b"})[0]), (Floats{14, 14, 14}));
    EXPECT_EQ(Values(w), (Floats{7, 7, 7}));
    EXPECT_EQ(Values(Run(true, {1}, {"b"})[0]), (Floats{4}));
    EXPECT_EQ(Values(Run(true, Floats(5000, 1), {"b"})[0]), Floats(5000, 4));
    EXPECT_EQ(Values(Run(false, {1}, {"b"})[0]), Floats(5000, 4));
  }
}

TEST_F(BlockTest, AFetchedVariableHoldsNothingWhenTheBlockDidNotRun) {
  block_.Var("a");
  If({"a"}, [](BlockDesc& sub) { Append(sub, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}}); });
  EXPECT_EQ(Values(Run(true, {1}, {"a"})[0]), (Floats{2}));
  EXPECT_THROW(Run(false, {1}, {"a"}), InvalidArgument);
}

TEST_F(BlockTest, WritesAFedVariableInACopy) {
  If({"x"}, [](BlockDesc& sub) { Append(sub, "toy_increment", {{"X", {"x"}}}, {{"Out", {"x"}}}); });
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"b"}}});
  for (const bool condition : {true, false, true}) {
    const std::vector<Feed> feeds{{"c", MakeTensor({condition ? 1.0f : -1.0f})}, {"x", MakeTensor({1})}};
    EXPECT_EQ(Values(executor_.Run(program_, scope_, feeds, {"b"})[0]), (Floats{condition ? 4.0f : 2.0f}));
    EXPECT_EQ(Values(feeds[1].tensor), (Floats{1}));
  }
}

TEST_F(BlockTest, KeepsAPersistableThatTheBlockDeclares) {
  If({}, [](BlockDesc& sub) {
    sub.Var("own").set_persistable(true);
    Append(sub, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"own"}}});
    Append(sub, "toy_increment", {{"X", {"own"}}}, {{"Out", {"own"}}});
  });
  Run(true, {1}, {});
  EXPECT_EQ(Values(*scope_.Find("own")), (Floats{3}));
}

TEST_F(BlockTest, DoesNotMistakeAnotherVariableOfTheNameForItsOwn) {
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"t"}}});
  Append(block_, "toy_add", {{"X", {"t"}}, {"Y", {"t"}}}, {{"Out", {"u"}}});
  Append(block_, "toy_add", {{"X", {"u"}}, {"Y", {"u"}}}, {{"Out", {"v"}}});
  Persistable("w", {0});
  If({"w"}, [](BlockDesc& sub) {
    sub.Var("t");
    Append(sub, "toy_fill", {}, {{"Out", {"t"}}}).SetAttr("shape", std::vector<int>{1});
    Append(sub, "toy_add", {{"X", {"t"}}, {"Y", {"t"}}}, {{"Out", {"w"}}});
  });
  Append(block_, "toy_add", {{"X", {"v"}}, {"Y", {"v"}}}, {{"Out", {"b"}}});
  EXPECT_EQ(Values(Run(true, {1}, {"b"})[0]), (Floats{16}));
}

TEST_F(BlockTest, RefusesBlocksWithinThemselvesOrTooDeep) {
  Append(block_, "toy_if", {{"Cond", {"c"}}}, {}).SetAttr("sub_block", BlockRef{0});
  EXPECT_THROW(Run(true, {1}, {}), InvalidArgument);

  ProgramDesc deep;
  deep.block(0).Var("c");
  for (int k = 0; k < 100; ++k) {
    BlockDesc& around = deep.block(k);
    deep.AppendBlock(around);
    Append(around, "toy_if", {{"Cond", {"c"}}}, {}).SetAttr("sub_block", BlockRef{k + 1});
  }
  const std::vector<Feed> feeds{{"c", MakeTensor({1})}};
  EXPECT_THROW(executor_.Run(deep, scope_, feeds, {}), InvalidArgument);
}

TEST_F(BlockTest, RefusesBlocksThatWouldRunForever) {
  ProgramDesc wide;  // 2^25 runs of the last block
  wide.block(0).Var("c");
  for (int k = 0; k < 25; ++k) {
    wide.AppendBlock(wide.block(0));
    for (int twice = 0; twice < 2; ++twice)
      Append(wide.block(k), "toy_if", {{"Cond", {"c"}}}, {}).SetAttr("sub_block", BlockRef{k + 1});
  }
  const std::vector<Feed> feeds{{"c", MakeTensor({1})}};
  EXPECT_THROW(executor_.Run(wide, scope_, feeds, {}), InvalidArgument);
}

}  // namespace
}  // namespace paddle
