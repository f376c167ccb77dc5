// Packed copies of weights: every way of writing one is seen by the next run, and all who run share one copy.

#include <gtest/gtest.h>

#include <thread>

#include "paddle/runtime/executor.h"
#include "tests/cpp/runtime/toy_ops.h"

namespace paddle {
namespace {

using toy::Append;
using toy::MakeTensor;
using toy::Values;
using Floats = std::vector<float>;

std::atomic<int> packs{0};

struct PackedState {
  bool weight = false;
};

PackedState Prepare(const CpuContext&, const NoAttrs&, const OpMetas& metas) { return {metas.IsWeight("W")}; }

// Out = X W, of single numbers; W's packed form is its negative.
void Product(const CpuContext&, const NoAttrs&, PackedState& state, const Tensor& x, const Tensor& w, Tensor& out) {
  const auto pack = [&] {
    ++packs;
    BufferPtr packed = SystemAllocator().Allocate(sizeof(float));
    *reinterpret_cast<float*>(packed->data()) = -w.data<float>()[0];
    return packed;
  };
  const BufferPtr packed = state.weight ? w.buffer()->Packed("negative", pack) : nullptr;
  const float factor = packed ? -*reinterpret_cast<const float*>(packed->data()) : w.data<float>()[0];
  out.mutable_data<float>()[0] = x.data<float>()[0] * factor;
}

void Infer(const NoAttrs&, InferContext& context) { context.CopyMeta("X", "Out"); }

const Registered kProduct = RegisterOp<NoAttrs>(
    {.name = "toy_product", .doc = "", .inputs = {{"X", ""}, {"W", ""}}, .outputs = {{"Out", ""}}, .infer = Infer});
const Registered kProductCpu = RegisterKernel("toy_product", Prepare, Product);

class WeightsTest : public testing::Test {
 protected:
  WeightsTest() {
    for (ProgramDesc* program : {&predict_, &write_}) {
      program->block(0).Var("w").set_persistable(true);
      program->block(0).Var("v").set_persistable(true);
    }
    toy::SetTensor(Weight(), {2});
    toy::SetTensor(scope_.Var("v").Become<Tensor>(), {7});
    predict_.block(0).Var("x");
    Append(predict_.block(0), "toy_product", {{"X", {"x"}}, {"W", {"w"}}}, {{"Out", {"y"}}});
    packs = 0;
  }

  Tensor& Weight() { return scope_.Var("w").Become<Tensor>(); }
  float Predict() {
    return Values(executor_.Run(predict_, scope_, std::vector<Feed>{{"x", MakeTensor({3})}}, {"y"})[0])[0];
  }
  // Predicts, runs `write_`, predicts again.
  void ExpectSeen(float factor) {
    EXPECT_EQ(Predict(), 3 * Values(Weight())[0]);
    EXPECT_EQ(Predict(), 3 * Values(Weight())[0]);
    EXPECT_EQ(packs, 1);
    executor_.Run(write_, scope_, std::vector<Feed>{}, {});
    EXPECT_EQ(Values(Weight()), Floats{factor});
    EXPECT_EQ(Predict(), 3 * factor);
    EXPECT_EQ(Predict(), 3 * factor);
    EXPECT_EQ(packs, 2);
  }

  ProgramDesc predict_, write_;
  Executor executor_;
  Scope scope_;
};

TEST_F(WeightsTest, InPlace) {
  Append(write_.block(0), "toy_increment", {{"X", {"w"}}}, {{"Out", {"w"}}});
  ExpectSeen(3);
}

TEST_F(WeightsTest, CopiedFirst) {
  Append(write_.block(0), "toy_increment", {{"X", {"v"}}}, {{"Out", {"w"}}});
  ExpectSeen(8);
}

TEST_F(WeightsTest, AnOutput) {
  Append(write_.block(0), "toy_add", {{"X", {"v"}}, {"Y", {"v"}}}, {{"Out", {"w"}}});
  ExpectSeen(14);
}

TEST_F(WeightsTest, HandedOverInPlace) {  // the op may share, and reads what it writes
  Append(write_.block(0), "toy_add", {{"X", {"w"}}, {"Y", {"v"}}}, {{"Out", {"w"}}});
  ExpectSeen(9);
}

TEST_F(WeightsTest, HandedOver) {  // the op cannot work in place
  Append(write_.block(0), "toy_total", {{"X", {"w"}}}, {{"Out", {"w"}}});
  Append(write_.block(0), "toy_increment", {{"X", {"w"}}}, {{"Out", {"w"}}});
  ExpectSeen(3);
}

TEST_F(WeightsTest, OfASizeThatTheKernelDecides) {
  Append(write_.block(0), "toy_positive", {{"X", {"v"}}}, {{"Out", {"w"}}});
  ExpectSeen(7);
}

TEST_F(WeightsTest, InAConditionalBlock) {
  BlockDesc& inner = write_.AppendBlock(write_.block(0));
  Append(inner, "toy_increment", {{"X", {"w"}}}, {{"Out", {"w"}}});
  OpDesc& op = Append(write_.block(0), "toy_if", {{"Cond", {"v"}}, {"Input", {"w"}}}, {{"Out", {"w"}}});
  op.SetAttr("sub_block", BlockRef{1});
  ExpectSeen(3);
}

TEST_F(WeightsTest, FromOutside) {
  EXPECT_EQ(Predict(), 6);
  Weight().mutable_data<float>()[0] = 4;
  EXPECT_EQ(Predict(), 12);
  Weight().CopyFrom(MakeTensor({5}));
  EXPECT_EQ(Predict(), 15);
  Weight() = MakeTensor({6});
  EXPECT_EQ(Predict(), 18);
  Weight().ShareBytes(MakeTensor({7}));
  EXPECT_EQ(Predict(), 21);
  EXPECT_EQ(packs, 5);
}

TEST_F(WeightsTest, ExposedMemoryIsNotTrusted) {
  float* view = Weight().mutable_data<float>();
  EXPECT_EQ(Predict(), 6);
  Weight().buffer()->MarkExposed();
  *view = 5;
  EXPECT_EQ(Predict(), 15);
  *view = 6;
  EXPECT_EQ(Predict(), 18);
  EXPECT_EQ(packs, 1);
}

TEST_F(WeightsTest, WhatTheProgramWritesOrIsFedIsNoWeight) {
  Append(predict_.block(0), "toy_increment", {{"X", {"w"}}}, {{"Out", {"w"}}});
  EXPECT_EQ(Predict(), 6);
  EXPECT_EQ(Predict(), 9);
  ProgramDesc fed;
  fed.block(0).Var("x");
  fed.block(0).Var("w").set_persistable(true);
  Append(fed.block(0), "toy_product", {{"X", {"x"}}, {"W", {"w"}}}, {{"Out", {"y"}}});
  const Tensor w = MakeTensor({2});
  const std::vector<Feed> feeds{{"x", MakeTensor({3})}, {"w", w}};
  EXPECT_EQ(Values(executor_.Run(fed, scope_, feeds, {"y"})[0]), Floats{6});
  *reinterpret_cast<float*>(w.buffer()->data()) = 5;  // the caller's memory: he need not say
  EXPECT_EQ(Values(executor_.Run(fed, scope_, feeds, {"y"})[0]), Floats{15});
  EXPECT_EQ(packs, 0);
}

TEST_F(WeightsTest, ABlockReadsTheWeightOfTheProgram) {
  ProgramDesc program;
  program.block(0).Var("x");
  program.block(0).Var("y");
  program.block(0).Var("w").set_persistable(true);
  BlockDesc& inner = program.AppendBlock(program.block(0));
  Append(inner, "toy_product", {{"X", {"x"}}, {"W", {"w"}}}, {{"Out", {"y"}}});
  OpDesc& op = Append(program.block(0), "toy_if", {{"Cond", {"x"}}, {"Input", {"x", "w"}}}, {{"Out", {"y"}}});
  op.SetAttr("sub_block", BlockRef{1});
  for (const float factor : {2.0f, 5.0f}) {
    Weight().mutable_data<float>()[0] = factor;
    for (int k = 0; k < 2; ++k)
      EXPECT_EQ(Values(executor_.Run(program, scope_, std::vector<Feed>{{"x", MakeTensor({3})}}, {"y"})[0]),
                Floats{3 * factor});
  }
  EXPECT_EQ(packs, 2);
}

// Predictors take turns with a trainer; among themselves they run at once, each with plans of its own.
TEST_F(WeightsTest, ManyPredictorsShareOneCopyWhileATrainerWritesBetweenRuns) {
  Append(write_.block(0), "toy_increment", {{"X", {"w"}}}, {{"Out", {"w"}}});
  for (int round = 0; round < 20; ++round) {
    const float expected = 3 * Values(Weight())[0];
    std::vector<std::thread> predictors;
    for (int t = 0; t < 4; ++t)
      predictors.emplace_back([&] {
        Executor own;
        for (int k = 0; k < 10; ++k)
          EXPECT_EQ(Values(own.Run(predict_, scope_, std::vector<Feed>{{"x", MakeTensor({3})}}, {"y"})[0])[0],
                    expected);
      });
    for (auto& predictor : predictors) predictor.join();
    EXPECT_EQ(packs, round + 1);
    executor_.Run(write_, scope_, std::vector<Feed>{}, {});
  }
}

}  // namespace
}  // namespace paddle
