#pragma once
// What CUDA kernels get: a stream, memory in the stream's order, library handles, reports of bad values.

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <typeindex>

#include "paddle/device/context.h"

namespace paddle {

// What a kernel on the GPU found wrong first. Lies in memory that both sides see.
struct DeviceReport {
  unsigned long long found;  // 0: nothing
  long long index, value;
};

// The text of the exception for the value that a kernel found.
using Expectation = std::function<std::string(int64_t index, int64_t value)>;

class CudaStream;

// Leases a stream of the device from a pool for its lifetime. One thread at a time.
class CudaContext final : public DeviceContext {
 public:
  static constexpr DeviceType kDevice = DeviceType::kCuda;

  explicit CudaContext(CudaStream& stream);
  ~CudaContext() override;
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  Place place() const override;
  Allocator& system() const override;
  Allocator& allocator() const override;
  void Copy(std::byte* to, const std::byte* from, size_t bytes) const override;
  void CopyToHost(std::byte* to, const std::byte* from, size_t bytes) const override;
  void CopyFromHost(std::byte* to, const std::byte* from, size_t bytes) const override;
  void Synchronize() const override;
  void BeginRun() const override;
  void EndRun() const override;

  cudaStream_t stream() const;
  cublasLtHandle_t cublas() const;
  cudnnHandle_t cudnn() const;
  void SetZero(std::byte* to, size_t bytes) const;

  // Where a kernel of this stream reports an index or value that is not allowed. LateError is thrown by the next call
  // that waits for the stream: the host does not wait for every kernel.
  DeviceReport* Expect(Expectation expectation) const;

  // The stream's own T, made when first asked for: what is worth keeping for later kernels and plans, as the library
  // handles are.
  template <class T>
  T& Kept() const {
    std::shared_ptr<void>& kept = KeptOf(typeid(T));
    if (!kept) kept = std::make_shared<T>();
    return *static_cast<T*>(kept.get());
  }

 private:
  std::shared_ptr<void>& KeptOf(std::type_index type) const;

  CudaStream& stream_;
};

}  // namespace paddle
