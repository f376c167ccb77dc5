#include "paddle/device/cuda/context.h"

#include <utility>

#include "paddle/base/errors.h"
#include "paddle/device/cuda/error.h"
#include "paddle/device/cuda/stream.h"

namespace paddle {

CudaContext::CudaContext(CudaStream& stream) : stream_(stream) {}
CudaContext::~CudaContext() { stream_.gpu().Return(stream_); }

Place CudaContext::place() const { return {DeviceType::kCuda, stream_.gpu().index()}; }

// One pool for both: it keeps what is given back.
Allocator& CudaContext::system() const { return stream_.allocator(); }
Allocator& CudaContext::allocator() const { return stream_.allocator(); }

cudaStream_t CudaContext::stream() const { return stream_.stream(); }
cublasLtHandle_t CudaContext::cublas() const { return stream_.cublas(); }
cudnnHandle_t CudaContext::cudnn() const { return stream_.cudnn(); }

void CudaContext::Copy(std::byte* to, const std::byte* from, size_t bytes) const {
  if (bytes) CheckCuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()), "a copy on the GPU");
}

void CudaContext::CopyToHost(std::byte* to, const std::byte* from, size_t bytes) const {
  if (bytes) CheckCuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream()), "a copy to the host");
  Synchronize();
}

void CudaContext::CopyFromHost(std::byte* to, const std::byte* from, size_t bytes) const {
  if (!bytes) return;
  CheckCuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream()), "a copy from the host");
  // Ordinary memory has been read when the call returns; page-locked memory has not.
  cudaPointerAttributes attributes{};
  CheckCuda(cudaPointerGetAttributes(&attributes, from), "cudaPointerGetAttributes");
  if (attributes.type == cudaMemoryTypeHost) CheckCuda(cudaStreamSynchronize(stream()), "a copy from the host");
}

void CudaContext::SetZero(std::byte* to, size_t bytes) const {
  if (bytes) CheckCuda(cudaMemsetAsync(to, 0, bytes, stream()), "clearing memory of the GPU");
}

void CudaContext::Synchronize() const { stream_.Synchronize(); }
void CudaContext::BeginRun() const { stream_.BeginRun(); }
void CudaContext::EndRun() const { stream_.EndRun(); }
std::shared_ptr<void>& CudaContext::KeptOf(std::type_index type) const { return stream_.kept(type); }
DeviceReport* CudaContext::Expect(Expectation expectation) const { return stream_.Expect(std::move(expectation)); }

// ---- the device of the plug-in ----

namespace {

class CudaDevice final : public Device {
 public:
  int count() const override {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaErrorNoDevice) return 0;
    if (status == cudaErrorInsufficientDriver || status == cudaErrorStubLibrary)
      throw Error(StrCat("a CUDAPlace needs a driver for an NVIDIA GPU, and this machine has none that is new enough (",
                         cudaGetErrorString(status), "); install or update it, or use CPUPlace"));
    CheckCuda(status, "looking for GPUs");
    return count;
  }

  std::unique_ptr<DeviceContext> MakeContext(int index) override {
    return std::make_unique<CudaContext>(Gpu(index).Lease());
  }

 private:
  CudaGpu& Gpu(int index) {
    std::scoped_lock lock(mutex_);
    if (gpus_.size() <= static_cast<size_t>(index)) gpus_.resize(index + 1);
    if (!gpus_[index]) gpus_[index] = std::make_unique<CudaGpu>(index);
    return *gpus_[index];
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<CudaGpu>> gpus_;
};

const RegisteredDevice kDevice(DeviceType::kCuda, *new CudaDevice);

}  // namespace
}  // namespace paddle
