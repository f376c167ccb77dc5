#include "paddle/device/cuda/stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "paddle/device/cuda/error.h"
#include "paddle/device/late_error.h"

namespace paddle {
namespace {

class StreamAllocator final : public Allocator {
 public:
  explicit StreamAllocator(CudaStream& stream) : stream_(stream) {}
  BufferPtr Allocate(size_t bytes) override { return stream_.gpu().Allocate(bytes, stream_.stream()); }
  void Trim() override { stream_.gpu().Trim(); }

 private:
  CudaStream& stream_;
};

}  // namespace

// ---- streams ----

CudaStream::CudaStream(CudaGpu& gpu, size_t number) : gpu_(gpu), number_(number) {
  CheckCuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
  CheckCuda(cudaEventCreateWithFlags(&end_, cudaEventDisableTiming), "cudaEventCreate");
  CheckCuda(cudaEventCreateWithFlags(&now_, cudaEventDisableTiming), "cudaEventCreate");
  void* reports = nullptr;
  CheckCuda(cudaHostAlloc(&reports, kReports * sizeof(DeviceReport), cudaHostAllocMapped), "cudaHostAlloc");
  reports_ = static_cast<DeviceReport*>(reports);
  std::fill_n(reports_, kReports, DeviceReport{});
  allocator_ = std::make_unique<StreamAllocator>(*this);
}

cublasLtHandle_t CudaStream::cublas() {
  if (!cublas_) {
    const cublasStatus_t status = cublasLtCreate(&cublas_);
    if (status != CUBLAS_STATUS_SUCCESS) throw Error(StrCat("cublasLtCreate failed with status ", int{status}));
  }
  return cublas_;
}

cudnnHandle_t CudaStream::cudnn() {
  if (!cudnn_) {
    cudnnHandle_t handle = nullptr;
    cudnnStatus_t status = cudnnCreate(&handle);
    if (status == CUDNN_STATUS_SUCCESS) status = cudnnSetStream(handle, stream_);
    if (status != CUDNN_STATUS_SUCCESS) throw Error(StrCat("cuDNN cannot start: ", cudnnGetErrorString(status)));
    cudnn_ = handle;
  }
  return cudnn_;
}

void CudaStream::BeginRun() {
  gpu_.Activate();
  std::scoped_lock lock(gpu_.mutex_);
  seen_.resize(gpu_.streams_.size());
  for (const auto& other : gpu_.streams_) {
    if (other.get() == this || other->runs_ == seen_[other->number_]) continue;
    CheckCuda(cudaStreamWaitEvent(stream_, other->end_, 0), "cudaStreamWaitEvent");
    seen_[other->number_] = other->runs_;
  }
}

void CudaStream::EndRun() {
  std::scoped_lock lock(gpu_.mutex_);
  cudaEventRecord(end_, stream_);
  ++runs_;
}

void CudaStream::Synchronize() {
  CheckCuda(cudaStreamSynchronize(stream_), "work on the GPU");
  ThrowReports();
}

DeviceReport* CudaStream::Expect(Expectation expectation) {
  if (used_ == kReports) Synchronize();
  expectations_[used_] = std::move(expectation);
  return &reports_[used_++];
}

void CudaStream::DropReports() {
  std::fill_n(reports_, used_, DeviceReport{});
  used_ = 0;
}

void CudaStream::ThrowReports() {
  const size_t used = used_;
  for (size_t i = 0; i < used; ++i) {
    const DeviceReport report = reports_[i];
    if (!report.found) continue;
    const std::string text = expectations_[i](report.index, report.value);
    DropReports();
    throw LateError(text);
  }
  DropReports();
}

// ---- GPUs ----

CudaGpu::CudaGpu(int index) : index_(index) {
  Activate();
  CheckCuda(cudaDeviceGetDefaultMemPool(&pool_, index), "cudaDeviceGetDefaultMemPool");
  uint64_t keep = std::numeric_limits<uint64_t>::max();  // until Trim
  CheckCuda(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &keep), "cudaMemPoolSetAttribute");
  CheckCuda(cudaStreamCreateWithFlags(&release_, cudaStreamNonBlocking), "cudaStreamCreate");
}

void CudaGpu::Activate() const { CheckCuda(cudaSetDevice(index_), "cudaSetDevice"); }

CudaStream& CudaGpu::Lease() {
  Activate();
  std::scoped_lock lock(mutex_);
  if (free_.empty()) {
    streams_.push_back(std::make_unique<CudaStream>(*this, streams_.size()));
    return *streams_.back();
  }
  CudaStream& stream = *free_.back();
  free_.pop_back();
  return stream;
}

void CudaGpu::Return(CudaStream& stream) {
  cudaStreamSynchronize(stream.stream());
  stream.DropReports();
  std::scoped_lock lock(mutex_);
  free_.push_back(&stream);
}

BufferPtr CudaGpu::Allocate(size_t bytes, cudaStream_t stream) {
  Activate();
  constexpr size_t kAlign = 256;
  const size_t size = (std::max(bytes, kAlign) + kAlign - 1) / kAlign * kAlign;
  void* data = nullptr;
  cudaError_t status = cudaMallocAsync(&data, size, stream);
  if (status == cudaErrorMemoryAllocation) {  // what was freed may still be waited for, or kept in the pool
    cudaGetLastError();
    CheckCuda(cudaDeviceSynchronize(), "work on the GPU");
    Trim();
    status = cudaMallocAsync(&data, size, stream);
  }
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw ResourceExhausted(StrCat("GPU ", index_, " has no ", bytes, " bytes of memory left: ", free, " of ", total,
                                   " are free; use a smaller batch"));
  }
  CheckCuda(status, "cudaMallocAsync");
  return std::make_shared<Buffer>(static_cast<std::byte*>(data), size, Place{DeviceType::kCuda, index_},
                                  [this](std::byte* p, size_t) { Free(p); });
}

// Any stream may still use it: parameters are read by many plans. Errors are those of a driver that is shutting down.
void CudaGpu::Free(std::byte* data) {
  int before = 0;
  cudaGetDevice(&before);
  cudaSetDevice(index_);
  {
    std::scoped_lock lock(mutex_);
    for (const auto& stream : streams_) {
      cudaEventRecord(stream->now_, stream->stream_);
      cudaStreamWaitEvent(release_, stream->now_, 0);
    }
    cudaFreeAsync(data, release_);
  }
  cudaSetDevice(before);
}

void CudaGpu::Trim() {
  Activate();
  CheckCuda(cudaMemPoolTrimTo(pool_, 0), "cudaMemPoolTrimTo");
}

}  // namespace paddle
