// A program whose description says that an op gets what it cannot take is refused before anything of it runs.

#include <gtest/gtest.h>

#include "paddle/runtime/executor.h"
#include "tests/cpp/runtime/toy_ops.h"

namespace paddle {
namespace {

using toy::Append;
using toy::MakeTensor;
using toy::Values;
using Floats = std::vector<float>;

// Out = X, for integers only.
void InferIndex(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kIndices);
  context.CopyMeta("X", "Out");
}
void Index(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  std::copy_n(x.raw(), x.bytes(), out.mutable_raw());
}
const Registered kIndex = RegisterOp<NoAttrs>(
    {.name = "toy_index", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}, .infer = InferIndex});
const Registered kIndexCpu = RegisterKernel("toy_index", Index);

class TypesTest : public testing::Test {
 protected:
  TypesTest() {
    block_.Var("x").set_shape({-1});
    set_dtype("x", DType::kFloat32);
    block_.Var("count").set_persistable(true);
    toy::SetTensor(scope_.Var("count").Become<Tensor>(), {0});
    Append(block_, "toy_increment", {{"X", {"count"}}}, {{"Out", {"count"}}});
  }

  void set_dtype(const std::string& name, DType dtype) { block_.Var(name).set_raw_dtype(static_cast<int>(dtype)); }
  void Run(const std::string& fetch) {
    executor_.Run(program_, scope_, std::vector<Feed>{{"x", MakeTensor({1, 2})}}, {fetch});
  }
  // The text of the error; nothing ran.
  template <class E = InvalidArgument>
  std::string Refusal(const std::string& fetch) {
    std::string text;
    try {
      Run(fetch);
      ADD_FAILURE() << "was not refused";
    } catch (const E& error) {
      text = error.what();
    }
    EXPECT_EQ(Values(*scope_.Find("count")), Floats{0});
    return text;
  }

  ProgramDesc program_;
  BlockDesc& block_ = program_.block(0);
  Executor executor_;
  Scope scope_;
};

void ExpectIn(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST_F(TypesTest, OfAFedVariable) {
  Append(block_, "toy_index", {{"X", {"x"}}}, {{"Out", {"a"}}})
      .SetAttr(kOpCallstack, std::vector<std::string>{"  File \"net.py\", line 7, in f", "    a = index(x)"});
  ExpectIn(Refusal("a"), {"input X is float32; expected one of: int32, int64", "toy_index", "net.py\", line 7"});
}

TEST_F(TypesTest, OfWhatAnEarlierOpMakes) {
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  Append(block_, "toy_index", {{"X", {"a"}}}, {{"Out", {"b"}}});
  set_dtype("a", DType::kInt64);  // a description that is wrong does not count: the op makes float32
  ExpectIn(Refusal("b"), {"input X is float32", "input X: a"});
}

TEST_F(TypesTest, OfAnOpWhoseShapeIsKnownAtItsTurnOnly) {
  Append(block_, "toy_positive", {{"X", {"x"}}}, {{"Out", {"p"}}});
  Append(block_, "toy_index", {{"X", {"p"}}}, {{"Out", {"b"}}});
  ExpectIn(Refusal("b"), {"input X is float32", "input X: p"});
}

TEST_F(TypesTest, OfAWeightInABlock) {
  block_.Var("w").set_persistable(true);
  set_dtype("w", DType::kFloat32);
  block_.Var("a");
  BlockDesc& inner = program_.AppendBlock(block_);
  Append(inner, "toy_index", {{"X", {"w"}}}, {{"Out", {"a"}}});
  Append(block_, "toy_if", {{"Cond", {"x"}}, {"Input", {"w"}}}, {{"Out", {"a"}}}).SetAttr("sub_block", BlockRef{1});
  ExpectIn(Refusal("a"), {"input X is float32", "input X: w"});
}

TEST_F(TypesTest, OfAKind) {
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  block_.Var("a").set_raw_type(static_cast<int>(VarKind::kSelectedRows));
  ExpectIn(Refusal<Unimplemented>("a"), {"SelectedRows", "toy_add"});
}

TEST_F(TypesTest, OfAnAttribute) {
  Append(block_, "toy_fill", {}, {{"Out", {"a"}}}).SetAttr("shape", std::string("2, 3"));
  ExpectIn(Refusal("a"), {"shape", "toy_fill"});
}

// What inference cannot tell is not held against the program: sizes may come out right.
TEST_F(TypesTest, WhatIsNotKnownIsLeftToTheRun) {
  set_dtype("x", DType::kFloat32);
  block_.Var("x").set_shape({5});
  block_.Var("w").set_persistable(true);
  block_.Var("w").set_shape({7});  // in truth it has two elements
  toy::SetTensor(scope_.Var("w").Become<Tensor>(), {3, 4});
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"w"}}}, {{"Out", {"a"}}});
  Append(block_, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"b"}}});
  EXPECT_NO_THROW(Run("b"));
}

}  // namespace
}  // namespace paddle
