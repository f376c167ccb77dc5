#pragma once
// The GPUs of the machine and the pools of their streams.

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <typeindex>
#include <vector>

#include "paddle/device/cuda/context.h"
#include "paddle/device/device.h"

namespace paddle {

class CudaGpu;

// A stream with what belongs to it. Made once, leased to one context at a time.
class CudaStream {
 public:
  CudaStream(CudaGpu& gpu, size_t number);

  CudaGpu& gpu() const { return gpu_; }
  cudaStream_t stream() const { return stream_; }
  cublasLtHandle_t cublas();
  cudnnHandle_t cudnn();
  Allocator& allocator() { return *allocator_; }
  // See CudaContext::Kept.
  std::shared_ptr<void>& kept(std::type_index type) { return kept_[type]; }

  // Work given from now on waits for what other streams had been given when their run ended.
  void BeginRun();
  void EndRun();
  void Synchronize();
  DeviceReport* Expect(Expectation expectation);
  // After the stream was waited for: throws the first report there is, and forgets all.
  void ThrowReports();
  void DropReports();

 private:
  friend class CudaGpu;
  static constexpr size_t kReports = 256;

  CudaGpu& gpu_;
  const size_t number_;  // among the GPU's streams
  cudaStream_t stream_ = nullptr;
  cudaEvent_t end_ = nullptr, now_ = nullptr;
  uint64_t runs_ = 0;           // how many ended; guarded by the GPU's mutex
  std::vector<uint64_t> seen_;  // runs of the other streams that this one waits for
  cublasLtHandle_t cublas_ = nullptr;
  cudnnHandle_t cudnn_ = nullptr;
  DeviceReport* reports_ = nullptr;
  std::array<Expectation, kReports> expectations_;
  size_t used_ = 0;
  std::unique_ptr<Allocator> allocator_;
  std::map<std::type_index, std::shared_ptr<void>> kept_;
};

// One GPU. Never destroyed: buffers may outlive static destruction.
class CudaGpu {
 public:
  explicit CudaGpu(int index);

  int index() const { return index_; }
  // Makes it the calling thread's current device.
  void Activate() const;
  CudaStream& Lease();
  void Return(CudaStream& stream);
  // Memory in the order of `stream`; freed when the work that all streams have been given by then is done.
  BufferPtr Allocate(size_t bytes, cudaStream_t stream);
  void Trim();

 private:
  friend class CudaStream;
  void Free(std::byte* data);

  const int index_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CudaStream>> streams_;
  std::vector<CudaStream*> free_;
  cudaMemPool_t pool_ = nullptr;
  cudaStream_t release_ = nullptr;
};

}  // namespace paddle
