// The kernel of elementwise_add over 16 floats, called in a plain loop: what the executor's time is compared with.
// Usage: executor_loop LENGTH WARMUP STEPS. Prints {"ms": [...]}.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "paddle/device/parallel.h"
#include "paddle/op/check.h"
#include "paddle/op/registry.h"

int main(int argc, char** argv) {
  using namespace paddle;
  if (argc != 4) return 2;
  const int length = std::atoi(argv[1]), warmup = std::atoi(argv[2]), steps = std::atoi(argv[3]);
  const OpDef& def = Registry::Get().Find("elementwise_add");
  const auto attrs = def.parse(OpDesc("elementwise_add"));
  const std::vector<std::vector<VarKind>> kinds{{VarKind::kTensor}, {VarKind::kTensor}, {VarKind::kTensor}};
  const Kernel& kernel = SelectKernel(def, DeviceType::kCpu, kinds);
  Tensor x({16}, DType::kFloat32), y({16}, DType::kFloat32);
  for (int i = 0; i < 16; ++i) x.mutable_data<float>()[i] = y.mutable_data<float>()[i] = 1;
  CpuContext context;
  void* args[] = {&y, &x, &y};
  const uint16_t begin[] = {0, 1, 2, 3};
  KernelCall call;
  call.context = &context;
  call.attrs = attrs.get();
  call.args = args;
  call.begin = begin;
  ParallelScope parallel;
  std::printf("{\"ms\": [");
  for (int step = 0; step < warmup + steps; ++step) {
    const auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < length; ++k) kernel.run(call);
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (step >= warmup) std::printf("%s%.6f", step > warmup ? ", " : "", ms);
  }
  std::printf("]}\n");
}
