#include "paddle/runtime/executor.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/cpp/runtime/toy_ops.h"

namespace paddle {
namespace {

using toy::Append;
using toy::MakeTensor;
using toy::Values;
using Floats = std::vector<float>;

TEST(Executor, RunsAChainAndFetchesIntermediates) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  Append(block, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"b"}}});
  Append(block, "toy_add", {{"X", {"b"}}, {"Y", {"b"}}}, {{"Out", {"c"}}});
  Executor executor;
  Scope scope;
  const std::vector<Feed> feeds{{"x", MakeTensor({1, 2})}};
  const auto out = executor.Run(program, scope, feeds, {"a", "c", "b"});
  EXPECT_EQ(Values(out[0]), (Floats{2, 4}));
  EXPECT_EQ(Values(out[1]), (Floats{6, 12}));
  EXPECT_EQ(Values(out[2]), (Floats{3, 6}));
  EXPECT_EQ(Values(feeds[0].tensor), (Floats{1, 2})) << "a fed tensor is never written";
}

TEST(Executor, DropsDeadOpsButKeepsWritesOfPersistables) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  block.Var("w").set_persistable(true);
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"dead"}}});
  Append(block, "toy_add", {{"X", {"w"}}, {"Y", {"x"}}}, {{"Out", {"w"}}});
  Executor executor;
  Scope scope;
  toy::SetTensor(scope.Var("w").Become<Tensor>(), {10, 20});
  const std::vector<Feed> feeds{{"x", MakeTensor({1, 2})}};
  toy::add_calls = 0;
  for (int k = 0; k < 3; ++k) executor.Run(program, scope, feeds, {});
  EXPECT_EQ(toy::add_calls, 3);
  EXPECT_EQ(Values(*scope.Find("w")), (Floats{13, 26}));
}

TEST(Executor, KeepsVersionsOfAnOverwrittenNameApart) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  Append(block, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"b"}}});
  Append(block, "toy_increment", {{"X", {"a"}}}, {{"Out", {"a"}}});
  Append(block, "toy_add", {{"X", {"a"}}, {"Y", {"b"}}}, {{"Out", {"c"}}});
  Executor executor;
  Scope scope;
  const std::vector<Feed> feeds{{"x", MakeTensor({1})}};
  EXPECT_EQ(Values(executor.Run(program, scope, feeds, {"c", "b", "a"})[0]), (Floats{6}));
}

TEST(Executor, CopiesFirstWhereSharedNamesDiffer) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_increment", {{"X", {"x"}}}, {{"Out", {"y"}}});
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"y"}}}, {{"Out", {"z"}}});
  Executor executor;
  Scope scope;
  const std::vector<Feed> feeds{{"x", MakeTensor({1, 5})}};
  EXPECT_EQ(Values(executor.Run(program, scope, feeds, {"z"})[0]), (Floats{3, 11}));
}

TEST(Executor, HandlesSizesThatTheKernelDecides) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_positive", {{"X", {"x"}}}, {{"Out", {"p"}}});
  Append(block, "toy_add", {{"X", {"p"}}, {"Y", {"p"}}}, {{"Out", {"q"}}});
  Executor executor;
  Scope scope;
  for (const Floats& in : {Floats{1, -1, 2}, Floats{-1}, Floats{4, 5, 6, -7}}) {
    Floats expected;
    for (const float v : in)
      if (v > 0) expected.push_back(2 * v);
    const std::vector<Feed> feeds{{"x", MakeTensor(in)}};
    EXPECT_EQ(Values(executor.Run(program, scope, feeds, {"q"})[0]), expected);
  }
  EXPECT_EQ(executor.stats().plans_built, 1u);
}

TEST(Executor, RunsASubBlockOverOuterVariables) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  BlockDesc& sub = program.AppendBlock(block);
  Append(sub, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"t"}}});
  sub.Var("t");
  Append(sub, "toy_add", {{"X", {"t"}}, {"Y", {"a"}}}, {{"Out", {"a"}}});
  OpDesc& op = Append(block, "toy_if", {{"Cond", {"x"}}, {"Input", {"x"}}}, {{"Out", {"a"}}});
  op.SetAttr("sub_block", BlockRef{1});
  Append(block, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"b"}}});
  Executor executor;
  Scope scope;
  for (int k = 0; k < 2; ++k) {
    const std::vector<Feed> yes{{"x", MakeTensor({1})}}, no{{"x", MakeTensor({-1})}};
    EXPECT_EQ(Values(executor.Run(program, scope, yes, {"b"})[0]), (Floats{6}));
    EXPECT_EQ(Values(executor.Run(program, scope, no, {"b"})[0]), (Floats{-3}));
  }
}

TEST(Executor, ASteadyStepAllocatesNothing) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  std::string last = "x";
  for (int k = 0; k < 100; ++k) {
    const std::string next = StrCat("v", k);
    Append(block, "toy_add", {{"X", {last}}, {"Y", {"x"}}}, {{"Out", {next}}});
    last = next;
  }
  Executor executor;
  Scope scope;
  const std::vector<Feed> large{{"x", MakeTensor(Floats(1000, 1))}}, small{{"x", MakeTensor(Floats(10, 1))}};
  executor.Run(program, scope, large, {last});
  executor.Run(program, scope, small, {last});
  const uint64_t before = CpuMemoryStats().allocations;
  for (int k = 0; k < 10; ++k)
    EXPECT_EQ(Values(executor.Run(program, scope, k % 2 ? large : small, {last})[0])[0], 101);
  EXPECT_EQ(CpuMemoryStats().allocations, before);
  EXPECT_LE(executor.stats().arena_bytes, 3 * 4096u) << "a chain runs in place";
}

TEST(Executor, ErrorsNameOpShapesAndLine) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  block.Var("y");
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"y"}}}, {{"Out", {"a"}}})
      .SetAttr(kOpCallstack, std::vector<std::string>{"  File \"net.py\", line 7, in f", "    a = x + y"});
  Executor executor;
  Scope scope;
  const std::vector<Feed> feeds{{"x", MakeTensor({1})}, {"y", MakeTensor({1, 2})}};
  try {
    executor.Run(program, scope, feeds, {"a"});
    FAIL() << "shapes differ";
  } catch (const InvalidArgument& error) {
    const std::string text = error.what();
    for (const char* part : {"toy_add", "net.py\", line 7", "float32[1]", "float32[2]"})
      EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  const std::vector<Feed> missing{{"x", MakeTensor({1})}};
  EXPECT_THROW(executor.Run(program, scope, missing, {"a"}), InvalidArgument);
}

TEST(Executor, ManyThreadsShareOnePlan) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  Executor executor;
  Scope scope;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int k = 0; k < 50; ++k) {
        const std::vector<Feed> feeds{{"x", MakeTensor(Floats(1 + k % 7, static_cast<float>(t)))}};
        if (Values(executor.Run(program, scope, feeds, {"a"})[0]) != Floats(1 + k % 7, 2.0f * static_cast<float>(t)))
          ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(executor.stats().plans_built, 1u);
}

}  // namespace
}  // namespace paddle
