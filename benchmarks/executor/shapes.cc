// What a step pays when its shapes differ from the last step's: 250 layers of mul, elementwise_add, relu and scale over
// rows of 4 floats in two sequences, in steps that take turns among SIZES numbers of rows. With SIZES = 1 nothing
// changes. Usage: executor_shapes SIZES STEPS. Prints {"ms": [...], "allocations": N}.

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "paddle/op/check.h"
#include "paddle/runtime/executor.h"

namespace {

using namespace paddle;

constexpr int kLayers = 250, kWidth = 4;

std::string Append(BlockDesc& block, OpDesc op, const std::string& out) {
  block.Var(out);
  op.SetOutput("Out", {out});
  CompleteOp(&op);
  InferOp(block.AppendOp(op), block);
  return out;
}

void AddWeight(BlockDesc& block, Scope& scope, const std::string& name, const Dims& dims) {
  VarDesc& var = block.Var(name);
  TensorMeta meta;
  meta.dims = dims;
  var.SetMeta(meta);
  var.set_persistable(true);
  Tensor& tensor = scope.Var(name).Become<Tensor>();
  tensor.Allocate(dims, DType::kFloat32, SystemAllocator());
  std::fill_n(tensor.mutable_data<float>(), tensor.numel(), 0.25f);
}

// The name of the last layer's output.
std::string Build(BlockDesc& block, Scope& scope) {
  TensorMeta meta;
  meta.dims = {-1, kWidth};
  meta.lod_level = 1;
  block.Var("x").SetMeta(meta);
  AddWeight(block, scope, "w", {kWidth, kWidth});
  AddWeight(block, scope, "b", {kWidth});
  std::string x = "x";
  for (int i = 0; i < kLayers; ++i) {
    const std::string n = std::to_string(i);
    OpDesc mul("mul"), add("elementwise_add"), relu("relu"), scale("scale");
    mul.SetInput("X", {x});
    mul.SetInput("Y", {"w"});
    x = Append(block, mul, "mul" + n);
    add.SetInput("X", {x});
    add.SetInput("Y", {"b"});
    x = Append(block, add, "add" + n);
    relu.SetInput("X", {x});
    x = Append(block, relu, "relu" + n);
    scale.SetInput("X", {x});
    scale.SetAttr("scale", 0.5f);
    x = Append(block, scale, "scale" + n);
  }
  return x;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int sizes = std::atoi(argv[1]), steps = std::atoi(argv[2]);
  ProgramDesc program;
  Scope scope;
  const std::string last = Build(program.block(0), scope);
  std::vector<Feed> feeds;
  for (int i = 0; i < sizes; ++i) {
    Tensor x({2 + i, kWidth}, DType::kFloat32);
    std::fill_n(x.mutable_data<float>(), x.numel(), 1.0f);
    x.set_lod(Lod::FromLengths({{1, 1 + i}}));
    feeds.push_back({"x", x});
  }
  Executor executor;
  const auto run = [&](int step) { executor.Run(program, scope, std::span(&feeds[step % sizes], 1), {last}); };
  run(sizes - 1);  // the largest first: memory is planned once
  for (int i = 0; i < 2 * sizes; ++i) run(i);
  const uint64_t allocations = CpuMemoryStats().allocations;
  std::printf("{\"ms\": [");
  for (int step = 0; step < steps; ++step) {
    const auto start = std::chrono::steady_clock::now();
    run(step);
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    std::printf("%s%.6f", step ? ", " : "", ms);
  }
  std::printf("], \"allocations\": %llu}\n",
              static_cast<unsigned long long>(CpuMemoryStats().allocations - allocations));
}
