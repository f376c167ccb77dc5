// What a plan keeps from run to run: it must never be trusted when it does not hold any more.

#include <gtest/gtest.h>

#include <thread>

#include "paddle/base/flags.h"
#include "paddle/runtime/executor.h"
#include "tests/cpp/runtime/toy_ops.h"

namespace paddle {
namespace {

using toy::Append;
using toy::MakeTensor;
using toy::Values;
using Floats = std::vector<float>;

std::atomic<int> prepared{0};

struct CountState {
  int64_t size = 0;
};
CountState PrepareCount(const CpuContext&, const NoAttrs&, const OpMetas& metas) {
  ++prepared;
  return {metas.In("X").numel()};
}
// Out = the number of elements that was prepared for.
void Count(const CpuContext&, const NoAttrs&, CountState& state, const Tensor&, Tensor& out) {
  out.mutable_data<float>()[0] = static_cast<float>(state.size);
}
const Registered kCount = RegisterOp<NoAttrs>(
    {.name = "toy_count", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}, .infer = toy::InferTotal});
const Registered kCountCpu = RegisterKernel("toy_count", PrepareCount, Count);

class FrameTest : public testing::Test {
 protected:
  void Persistable(Scope& scope, const std::string& name, const Floats& values) {
    block_.Var(name).set_persistable(true);
    toy::SetTensor(scope.Var(name).Become<Tensor>(), values);
  }

  ProgramDesc program_;
  BlockDesc& block_ = program_.block(0);
  Executor executor_;
  Scope scope_;
};

TEST_F(FrameTest, AFailedRunOverAnotherScopeLeavesNothingBehind) {
  Persistable(scope_, "w", Floats(1000, 1));
  Persistable(scope_, "v", {1});
  Append(block_, "toy_add", {{"X", {"w"}}, {"Y", {"w"}}}, {{"Out", {"a"}}});
  Append(block_, "toy_add", {{"X", {"v"}}, {"Y", {"v"}}}, {{"Out", {"b"}}});
  Scope other, third;  // lack v
  for (Scope* scope : {&other, &third}) toy::SetTensor(scope->Var("w").Become<Tensor>(), {5});
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(Values(executor_.Run(program_, scope_, std::vector<Feed>{}, {"a", "b"})[0]), Floats(1000, 2));
    EXPECT_THROW(executor_.Run(program_, other, std::vector<Feed>{}, {"a", "b"}), InvalidArgument);
    EXPECT_THROW(executor_.Run(program_, third, std::vector<Feed>{}, {"a", "b"}), InvalidArgument);
  }
}

TEST_F(FrameTest, AVariableThatLostItsValueIsNoticed) {
  Persistable(scope_, "w", {1, 2});
  Append(block_, "toy_add", {{"X", {"w"}}, {"Y", {"w"}}}, {{"Out", {"a"}}});
  executor_.Run(program_, scope_, std::vector<Feed>{}, {"a"});
  scope_.Find("w")->Release();
  EXPECT_THROW(executor_.Run(program_, scope_, std::vector<Feed>{}, {"a"}), InvalidArgument);
  toy::SetTensor(scope_.Find("w")->get<Tensor>(), {3});
  EXPECT_EQ(Values(executor_.Run(program_, scope_, std::vector<Feed>{}, {"a"})[0]), (Floats{6}));
}

TEST_F(FrameTest, StatesOfTheShapesSeenLastAreKept) {
  block_.Var("x");
  Append(block_, "toy_count", {{"X", {"x"}}}, {{"Out", {"a"}}});
  const auto run = [&](int size) {
    const std::vector<Feed> feeds{{"x", MakeTensor(Floats(static_cast<size_t>(size), 1))}};
    EXPECT_EQ(Values(executor_.Run(program_, scope_, feeds, {"a"})[0]), Floats{static_cast<float>(size)});
  };
  prepared = 0;
  for (int k = 0; k < 5; ++k)
    for (int size = 1; size <= 8; ++size) run(size);
  EXPECT_EQ(prepared, 8);
  run(9);  // takes the place of 1, unused for the longest time
  for (int size = 2; size <= 9; ++size) run(size);
  EXPECT_EQ(prepared, 9);
  run(1);
  EXPECT_EQ(prepared, 10);
}

TEST_F(FrameTest, OneBatchBeyondTheMemoryLimitDoesNotSpoilTheNext) {
  block_.Var("x");
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  Append(block_, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"b"}}});
  const std::string limit = GetFlag("memory_limit_mb");
  const std::vector<Feed> small{{"x", MakeTensor({1})}}, large{{"x", MakeTensor(Floats(16 << 20, 1))}};
  SetFlag("memory_limit_mb", std::to_string((CpuMemoryStats().in_use >> 20) + 32));
  EXPECT_THROW(executor_.Run(program_, scope_, large, {"b"}), ResourceExhausted);
  EXPECT_EQ(Values(executor_.Run(program_, scope_, small, {"b"})[0]), (Floats{3}));
  SetFlag("memory_limit_mb", limit);
}

TEST_F(FrameTest, AnOpThatCannotWorkInPlaceMayReadWhatItWrites) {
  Persistable(scope_, "w", {1, 2, 3});
  Append(block_, "toy_total", {{"X", {"w"}}}, {{"Out", {"w"}}});
  Append(block_, "toy_add", {{"X", {"w"}}, {"Y", {"w"}}}, {{"Out", {"b"}}});
  EXPECT_EQ(Values(executor_.Run(program_, scope_, std::vector<Feed>{}, {"b"})[0]), (Floats{12}));
  EXPECT_EQ(Values(*scope_.Find("w")), (Floats{6}));
  toy::SetTensor(scope_.Find("w")->get<Tensor>(), {4, 5});
  EXPECT_EQ(Values(executor_.Run(program_, scope_, std::vector<Feed>{}, {"b"})[0]), (Floats{18}));
}

TEST_F(FrameTest, AFedPersistableIsKept) {
  Persistable(scope_, "w", {1});
  Append(block_, "toy_increment", {{"X", {"w"}}}, {{"Out", {"w"}}});
  const std::vector<Feed> feeds{{"w", MakeTensor({5, 6})}};
  executor_.Run(program_, scope_, feeds, {});
  EXPECT_EQ(Values(*scope_.Find("w")), (Floats{6, 7}));
  EXPECT_EQ(Values(feeds[0].tensor), (Floats{5, 6}));
  executor_.Run(program_, scope_, std::vector<Feed>{}, {});
  EXPECT_EQ(Values(*scope_.Find("w")), (Floats{7, 8}));
}

TEST_F(FrameTest, WhatWasFedIsLetGo) {
  block_.Var("x");
  Append(block_, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  const Tensor x = MakeTensor({1});
  executor_.Run(program_, scope_, std::vector<Feed>{{"x", x}}, {"a", "x"});
  EXPECT_EQ(x.buffer().use_count(), 1);
}

TEST_F(FrameTest, AVariableMayBeErasedWhileItIsRead) {
  Persistable(scope_, "w", Floats(1000, 1));
  Append(block_, "toy_add", {{"X", {"w"}}, {"Y", {"w"}}}, {{"Out", {"a"}}});
  std::atomic<bool> stop{false};
  std::thread eraser([&] {
    while (!stop) scope_.Erase("w");
  });
  for (int k = 0; k < 300; ++k) {
    scope_.Var("w");
    if (const auto w = scope_.ShareLocal("w")) toy::SetTensor(w->Become<Tensor>(), Floats(1000, 1));
    try {
      executor_.Run(program_, scope_, std::vector<Feed>{}, {"a"});
    } catch (const InvalidArgument&) {  // it was erased before the run
    }
  }
  stop = true;
  eraser.join();
}

}  // namespace
}  // namespace paddle
