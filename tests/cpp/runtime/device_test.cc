// Plans for a device, on a fake one: whatever reads memory on the wrong side ends the test.
#include <gtest/gtest.h>

#include "paddle/runtime/executor.h"
#include "paddle/tensor/transfer.h"
#include "tests/cpp/runtime/fake_device.h"
#include "tests/cpp/runtime/toy_ops.h"

namespace paddle {
namespace {

using toy::Append;
using toy::FakeContext;
using toy::MakeTensor;
using toy::OnTheDevice;
using toy::Values;
using Floats = std::vector<float>;

constexpr Place kCuda{DeviceType::kCuda, 0};

// ---- the device and its kernels ----

const RegisteredDevice kDevice(DeviceType::kCuda, *new toy::FakeDevice);

void Add(const FakeContext&, const NoAttrs&, const Tensor& x, const Tensor& y, Tensor& out) {
  const OnTheDevice device;
  for (int64_t i = 0; i < x.numel(); ++i) out.mutable_data<float>()[i] = x.data<float>()[i] + y.data<float>()[i];
}
void Increment(const FakeContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  const OnTheDevice device;
  for (int64_t i = 0; i < x.numel(); ++i) out.mutable_data<float>()[i] = x.data<float>()[i] + 1;
}
void Positive(const FakeContext& context, const NoAttrs&, const Tensor& x, Tensor& out) {
  Floats kept;
  {
    const OnTheDevice device;
    for (int64_t i = 0; i < x.numel(); ++i)
      if (x.data<float>()[i] > 0) kept.push_back(x.data<float>()[i]);
  }
  out.Allocate({static_cast<int64_t>(kept.size())}, DType::kFloat32, context.allocator());
  const OnTheDevice device;
  std::copy(kept.begin(), kept.end(), out.mutable_data<float>());
}
const Registered kAdd = RegisterKernel("toy_add", Add);
const Registered kIncrement = RegisterKernel("toy_increment", Increment);
const Registered kPositive = RegisterKernel("toy_positive", Positive);

// Out = 2 X, on the host whatever the plan is for.
void Double(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  for (int64_t i = 0; i < x.numel(); ++i) out.mutable_data<float>()[i] = 2 * x.data<float>()[i];
}
const Registered kHostDouble = RegisterOp<NoAttrs>(
    {.name = "toy_host_double", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}, .traits = kHost});
const Registered kHostDoubleCpu = RegisterKernel("toy_host_double", Double);

const Registered kHostIf = RegisterOp<toy::BlockAttrs>({.name = "toy_host_if",
                                                        .doc = "",
                                                        .inputs = {{"Cond", ""}, {"Input", "", kRepeated | kOptional}},
                                                        .outputs = {{"Out", "", kRepeated | kOptional}},
                                                        .infer = toy::InferNothing,
                                                        .traits = kHost,
                                                        .block = "sub_block"});
void RunIf(const CpuContext&, const toy::BlockAttrs&, BlockRunner& blocks, const Tensor& condition,
           Span<const Variable>, Span<Variable>) {
  if (condition.data<float>()[0] > 0) blocks.Next(false).Run();
}
const Registered kHostIfCpu = RegisterKernel("toy_host_if", RunIf);

// Zeros, as many as Count says: a value that infer reads.
void InferZeros(const NoAttrs&, InferContext& context) {
  const auto values = context.Values("Count");
  context.SetOut("Out", {values ? values->at(0) : -1}, DType::kFloat32);
}
void Zeros(const FakeContext&, const NoAttrs&, const Tensor&, Tensor& out) {
  const OnTheDevice device;
  std::fill_n(out.mutable_data<float>(), out.numel(), 0.0f);
}
const Registered kZeros = RegisterOp<NoAttrs>(
    {.name = "toy_zeros", .doc = "", .inputs = {{"Count", "", kValue}}, .outputs = {{"Out", ""}}, .infer = InferZeros});
const Registered kZerosFake = RegisterKernel("toy_zeros", Zeros);

Floats OnCpu(const Variable& variable) { return Values(OnHost(variable.get<Tensor>())); }

// ---- tests ----

TEST(DevicePlan, FeedsAndFetchesAChain) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  Append(block, "toy_increment", {{"X", {"a"}}}, {{"Out", {"b"}}});
  Append(block, "toy_positive", {{"X", {"b"}}}, {{"Out", {"c"}}});
  Executor executor(kCuda);
  Scope scope;
  for (const Floats& in : {Floats{1, -2}, Floats{3}, Floats{-1, -1}}) {
    const std::vector<Feed> feeds{{"x", MakeTensor(in)}};
    Floats sum, kept;
    for (const float v : in) sum.push_back(2 * v + 1);
    for (const float v : sum)
      if (v > 0) kept.push_back(v);
    const auto out = executor.Run(program, scope, feeds, {"b", "c"});
    EXPECT_EQ(Values(out[0]), sum);
    EXPECT_EQ(Values(out[1]), kept);
    EXPECT_TRUE(out[0].get<Tensor>().place().is_cpu()) << "fetches are the caller's, on the host";
  }
}

TEST(DevicePlan, MovesVariablesOfTheScopeToWhereTheyAreRead) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  block.Var("w").set_persistable(true);
  Append(block, "toy_add", {{"X", {"w"}}, {"Y", {"x"}}}, {{"Out", {"w"}}});
  Executor device(kCuda), host;
  Scope scope;
  toy::SetTensor(scope.Var("w").Become<Tensor>(), {10});
  const std::vector<Feed> feeds{{"x", MakeTensor({1})}};
  device.Run(program, scope, feeds, {});
  EXPECT_EQ(scope.Find("w")->get<Tensor>().place(), kCuda);
  const int before = FakeContext::to_host + FakeContext::from_host;
  device.Run(program, scope, feeds, {});
  EXPECT_EQ(FakeContext::to_host + FakeContext::from_host, before + 1) << "the feed alone";
  host.Run(program, scope, feeds, {});
  EXPECT_TRUE(scope.Find("w")->get<Tensor>().place().is_cpu());
  EXPECT_EQ(Values(*scope.Find("w")), (Floats{13}));
  device.Run(program, scope, feeds, {});
  EXPECT_EQ(OnCpu(*scope.Find("w")), (Floats{14}));
}

TEST(DevicePlan, CopiesForOpsOnTheHost) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  block.Var("w").set_persistable(true);
  Append(block, "toy_increment", {{"X", {"x"}}}, {{"Out", {"a"}}});
  Append(block, "toy_host_double", {{"X", {"a"}}}, {{"Out", {"b"}}});
  Append(block, "toy_host_double", {{"X", {"b"}}}, {{"Out", {"w"}}});
  Append(block, "toy_add", {{"X", {"w"}}, {"Y", {"a"}}}, {{"Out", {"c"}}});
  Executor executor(kCuda);
  Scope scope;
  const std::vector<Feed> feeds{{"x", MakeTensor({1, 2})}};
  for (int k = 0; k < 2; ++k) {
    const auto out = executor.Run(program, scope, feeds, {"b", "c"});
    EXPECT_EQ(Values(out[0]), (Floats{4, 6}));
    EXPECT_EQ(Values(out[1]), (Floats{10, 15}));
    EXPECT_EQ(OnCpu(*scope.Find("w")), (Floats{8, 12}));
  }
  const std::string plan = executor.PlanText(program, scope, {"x"}, {"b", "c"});
  EXPECT_NE(plan.find("copy between host and device"), std::string::npos) << plan;
  EXPECT_NE(plan.find("toy_host_double(%"), std::string::npos) << plan;
}

TEST(DevicePlan, KeepsOnTheHostWhatOnlyTheHostUses) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("counter").set_persistable(true);
  Append(block, "toy_host_double", {{"X", {"counter"}}}, {{"Out", {"counter"}}});
  Executor executor(kCuda);
  Scope scope;
  toy::SetTensor(scope.Var("counter").Become<Tensor>(), {1});
  for (int k = 0; k < 3; ++k) executor.Run(program, scope, {}, {});
  EXPECT_TRUE(scope.Find("counter")->get<Tensor>().place().is_cpu());
  EXPECT_EQ(Values(*scope.Find("counter")), (Floats{8}));
}

TEST(DevicePlan, RunsBlocksOfOpsOnTheHost) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  Append(block, "toy_add", {{"X", {"x"}}, {"Y", {"x"}}}, {{"Out", {"a"}}});
  BlockDesc& sub = program.AppendBlock(block);
  sub.Var("t");
  sub.Var("u");
  Append(sub, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"t"}}});
  Append(sub, "toy_host_double", {{"X", {"t"}}}, {{"Out", {"u"}}});
  Append(sub, "toy_add", {{"X", {"u"}}, {"Y", {"a"}}}, {{"Out", {"a"}}});
  OpDesc& op = Append(block, "toy_host_if", {{"Cond", {"x"}}, {"Input", {"x", "a"}}}, {{"Out", {"a"}}});
  op.SetAttr("sub_block", BlockRef{1});
  Append(block, "toy_add", {{"X", {"a"}}, {"Y", {"x"}}}, {{"Out", {"b"}}});
  Executor executor(kCuda);
  Scope scope;
  for (int k = 0; k < 2; ++k) {
    const std::vector<Feed> yes{{"x", MakeTensor({1})}}, no{{"x", MakeTensor({-1})}};
    EXPECT_EQ(Values(executor.Run(program, scope, yes, {"b"})[0]), (Floats{9}));
    EXPECT_EQ(Values(executor.Run(program, scope, no, {"b"})[0]), (Floats{-3}));
  }
}

TEST(DevicePlan, ReadsValuesForShapesOnTheHost) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("n");
  Append(block, "toy_zeros", {{"Count", {"n"}}}, {{"Out", {"z"}}});
  Append(block, "toy_increment", {{"X", {"z"}}}, {{"Out", {"o"}}});
  Executor executor(kCuda);
  Scope scope;
  for (const int64_t n : {3, 1, 4}) {
    Tensor count({1}, DType::kInt64);
    *count.mutable_data<int64_t>() = n;
    const std::vector<Feed> feeds{{"n", count}};
    EXPECT_EQ(Values(executor.Run(program, scope, feeds, {"o"})[0]), Floats(n, 1.0f));
  }
}

TEST(DevicePlan, ASteadyStepAllocatesNoArena) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x");
  std::string last = "x";
  for (int k = 0; k < 20; ++k) {
    const std::string next = StrCat("v", k);
    Append(block, "toy_add", {{"X", {last}}, {"Y", {"x"}}}, {{"Out", {next}}});
    last = next;
  }
  Executor executor(kCuda);
  Scope scope;
  const std::vector<Feed> feeds{{"x", MakeTensor(Floats(100, 1))}};
  executor.Run(program, scope, feeds, {last});
  const int before = toy::FakeMemory::Get().allocations();
  for (int k = 0; k < 5; ++k) EXPECT_EQ(Values(executor.Run(program, scope, feeds, {last})[0])[0], 21);
  EXPECT_EQ(toy::FakeMemory::Get().allocations(), before);
}

TEST(DevicePlan, NamesWhatIsMissing) {
  ProgramDesc program;
  Append(program.block(0), "toy_fill", {}, {{"Out", {"a"}}});
  Executor executor(kCuda);
  Scope scope;
  try {
    executor.Run(program, scope, {}, {"a"});
    FAIL() << "toy_fill has no kernel for the device";
  } catch (const Unimplemented& error) {
    EXPECT_NE(std::string(error.what()).find("op 'toy_fill' has no CUDA kernel"), std::string::npos) << error.what();
  }
  try {
    Executor none(Place{DeviceType::kCuda, 3});
    FAIL() << "there is one device";
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("CUDAPlace(3)"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace paddle
