#pragma once
// Loops over elements and rows on the GPU. Kernels are written as device lambdas or functors over these two loops, so
// that tests can run the same code on the host, where no GPU is (tests/gpu/emulation).

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "paddle/device/cuda/context.h"
#include "paddle/device/cuda/error.h"

namespace paddle::cuda {

inline constexpr int kThreads = 128;            // of a block
inline constexpr int64_t kMaxBlocks = 1 << 20;  // of one launch

// The threads that work on one row together.
class Team {
 public:
#ifdef __CUDACC__
  __device__ int rank() const { return threadIdx.x; }
  __device__ int size() const { return kThreads; }

  // f over the values of all members, in an order that never changes; every member gets it.
  template <class T, class F>
  __device__ T Fold(T value, F f) {
    __shared__ alignas(T) char memory[kThreads * sizeof(T)];
    T* lanes = reinterpret_cast<T*>(memory);
    lanes[threadIdx.x] = value;
    __syncthreads();
    for (int width = kThreads / 2; width > 0; width /= 2) {
      if (threadIdx.x < width) lanes[threadIdx.x] = f(lanes[threadIdx.x], lanes[threadIdx.x + width]);
      __syncthreads();
    }
    const T result = lanes[0];
    __syncthreads();
    return result;
  }
  // Lets what members wrote to memory be seen by all of them.
  __device__ void Sync() { __syncthreads(); }
#else
  int rank() const { return 0; }
  int size() const { return 1; }
  template <class T, class F>
  T Fold(T value, F) {
    return value;
  }
  void Sync() {}
#endif
};

#ifdef __CUDACC__
template <class F>
__global__ void __launch_bounds__(kThreads) ForEachKernel(int64_t n, F f) {
  for (int64_t i = blockIdx.x * int64_t{kThreads} + threadIdx.x; i < n; i += int64_t{gridDim.x} * kThreads) f(i);
}

template <class F>
__global__ void __launch_bounds__(kThreads) ForEachTeamKernel(int64_t rows, F f) {
  Team team;
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) f(team, row);
}
#endif

// f(i) for every i of [0, n), one thread each.
template <class F>
void ForEach(const CudaContext& context, int64_t n, F f) {
  if (n <= 0) return;
#ifdef __CUDACC__
  const int64_t blocks = std::min((n + kThreads - 1) / kThreads, kMaxBlocks);
  ForEachKernel<<<static_cast<unsigned>(blocks), kThreads, 0, context.stream()>>>(n, f);
  CheckCuda(cudaGetLastError(), "starting a kernel");
#else
  (void)context;
  const EmulatedWork work;
  for (int64_t i = 0; i < n; ++i) f(i);
#endif
}

// f(team, row) for every row of [0, rows), called by all members of a team.
template <class F>
void ForEachTeam(const CudaContext& context, int64_t rows, F f) {
  if (rows <= 0) return;
#ifdef __CUDACC__
  ForEachTeamKernel<<<static_cast<unsigned>(std::min(rows, kMaxBlocks)), kThreads, 0, context.stream()>>>(rows, f);
  CheckCuda(cudaGetLastError(), "starting a kernel");
#else
  (void)context;
  const EmulatedWork work;
  Team team;
  for (int64_t row = 0; row < rows; ++row) f(team, row);
#endif
}

// Tells the host of a value that is not allowed; the first one counts.
__device__ inline void Report(DeviceReport* report, int64_t index, int64_t value) {
#ifdef __CUDACC__
  if (atomicCAS_system(&report->found, 0ull, 1ull) != 0) return;
#else
  if (report->found) return;
  report->found = 1;
#endif
  report->index = index;
  report->value = value;
}

}  // namespace paddle::cuda
