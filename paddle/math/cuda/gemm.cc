#include "paddle/math/cuda/gemm.h"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

#include "paddle/base/errors.h"
#include "paddle/math/cuda/align.h"

namespace paddle::cuda {
namespace {

constexpr size_t kMaxScratch = size_t{32} << 20;

void Check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) throw Error(StrCat(what, " failed: ", cublasLtGetStatusString(status)));
}

template <class T, cublasStatus_t (*kDestroy)(T)>
struct Destroyer {
  using pointer = T;
  void operator()(T handle) const { kDestroy(handle); }
};
template <class T, cublasStatus_t (*kDestroy)(T)>
using Handle = std::unique_ptr<T, Destroyer<T, kDestroy>>;

using Product = Handle<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Layout = Handle<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Handle<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

// A column-major matrix, or a batch of them.
Layout MakeLayout(cudaDataType type, int64_t rows, int64_t columns, int64_t ld, int64_t batch, int64_t stride) {
  cublasLtMatrixLayout_t handle = nullptr;
  Check(cublasLtMatrixLayoutCreate(&handle, type, rows, columns, std::max(ld, rows)), "cublasLtMatrixLayoutCreate");
  Layout layout(handle);
  const auto count = static_cast<int32_t>(batch);
  Check(cublasLtMatrixLayoutSetAttribute(handle, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof(count)),
        "setting a batch");
  Check(cublasLtMatrixLayoutSetAttribute(handle, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof(stride)),
        "setting a batch");
  return layout;
}

}  // namespace

// A row-major matrix read by columns is its transpose, so C' = op(B)' op(A)' is what cuBLASLt computes.
struct PreparedGemm::Impl {
  GemmShape shape;
  DType dtype;
  double alpha, beta;
  Product product;
  Layout a, b, c;
  cublasLtMatmulHeuristicResult_t best{};
  bool empty = false;  // C has no element, or is a sum over nothing

  Impl(const CudaContext& context, DType type, const GemmShape& s, double alpha, double beta)
      : shape(s), dtype(type), alpha(alpha), beta(beta) {
    if (type != DType::kFloat32 && type != DType::kFloat64) ThrowDType(type, "float32 or float64");
    empty = s.m == 0 || s.n == 0 || s.k == 0 || s.batch == 0;
    if (empty) return;
    const bool is_double = type == DType::kFloat64;
    const cudaDataType data = is_double ? CUDA_R_64F : CUDA_R_32F;
    cublasLtMatmulDesc_t handle = nullptr;
    Check(cublasLtMatmulDescCreate(&handle, is_double ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F, data),
          "cublasLtMatmulDescCreate");
    product.reset(handle);
    const cublasOperation_t op_b = s.trans_b ? CUBLAS_OP_T : CUBLAS_OP_N, op_a = s.trans_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    Check(cublasLtMatmulDescSetAttribute(handle, CUBLASLT_MATMUL_DESC_TRANSA, &op_b, sizeof(op_b)), "transposing");
    Check(cublasLtMatmulDescSetAttribute(handle, CUBLASLT_MATMUL_DESC_TRANSB, &op_a, sizeof(op_a)), "transposing");
    b = MakeLayout(data, s.trans_b ? s.k : s.n, s.trans_b ? s.n : s.k, s.ldb, s.batch, s.stride_b);
    a = MakeLayout(data, s.trans_a ? s.m : s.k, s.trans_a ? s.k : s.m, s.lda, s.batch, s.stride_a);
    c = MakeLayout(data, s.n, s.m, s.ldc, s.batch, s.stride_c);
    Choose(context);
  }

  // The alignment of every matrix: batch items and single runs may begin at any element.
  void Choose(const CudaContext& context) {
    cublasLtMatmulPreference_t handle = nullptr;
    Check(cublasLtMatmulPreferenceCreate(&handle), "cublasLtMatmulPreferenceCreate");
    const Preference preference(handle);
    const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
      Check(cublasLtMatmulPreferenceSetAttribute(handle, attribute, &value, sizeof(value)), "choosing a product");
    };
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t{kMaxScratch});
    // No atomic sums: the same bits every time.
    set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
        uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    const auto alignment = static_cast<uint32_t>(SizeOf(dtype));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment);
    int found = 0;
    Check(cublasLtMatmulAlgoGetHeuristic(context.cublas(), product.get(), b.get(), a.get(), c.get(), c.get(), handle, 1,
                                         &best, &found),
          "cublasLtMatmulAlgoGetHeuristic");
    if (found == 0)
      throw Unimplemented(StrCat("cuBLASLt has no product of ", shape.m, " x ", shape.k, " and ", shape.k, " x ",
                                 shape.n, " matrices of ", dtype));
  }
};

// What a stream has prepared. cuBLASLt takes tens of microseconds to choose a product, and where the number of rows
// changes with every batch, kernels prepare theirs for every batch.
struct PreparedGemm::Prepared {
  static constexpr size_t kMost = 1024;

  std::shared_ptr<const Impl> Get(const CudaContext& context, DType dtype, const GemmShape& s, double alpha,
                                  double beta) {
    const Key key{dtype, alpha, beta,  s.m,     s.n,        s.k,        s.trans_a, s.trans_b,
                  s.lda, s.ldb, s.ldc, s.batch, s.stride_a, s.stride_b, s.stride_c};
    if (const auto found = impls.find(key); found != impls.end()) return found->second;
    auto made = std::make_shared<const Impl>(context, dtype, s, alpha, beta);
    if (impls.size() == kMost) impls.clear();
    impls.emplace(key, made);
    return made;
  }

  using Key = std::tuple<DType, double, double, int64_t, int64_t, int64_t, bool, bool, int64_t, int64_t, int64_t,
                         int64_t, int64_t, int64_t, int64_t>;
  std::map<Key, std::shared_ptr<const Impl>> impls;
};

PreparedGemm::PreparedGemm(const CudaContext& context, DType dtype, const GemmShape& shape, double alpha, double beta)
    : impl_(context.Kept<Prepared>().Get(context, dtype, shape, alpha, beta)) {}

size_t PreparedGemm::scratch_bytes() const { return impl_ ? WithAlignment(impl_->best.workspaceSize) : 0; }

template <class T>
void PreparedGemm::Run(const CudaContext& context, const T* a, const T* b, T* c, std::byte* scratch) const {
  const Impl& p = *impl_;
  if (p.empty) {
    if (p.beta == 0)
      context.SetZero(reinterpret_cast<std::byte*>(c), p.shape.batch * p.shape.m * p.shape.n * sizeof(T));
    return;
  }
  const T alpha = static_cast<T>(p.alpha), beta = static_cast<T>(p.beta);
  Check(cublasLtMatmul(context.cublas(), p.product.get(), &alpha, b, p.b.get(), a, p.a.get(), &beta, c, p.c.get(), c,
                       p.c.get(), &p.best.algo, AlignedScratch(scratch), p.best.workspaceSize, context.stream()),
        "cublasLtMatmul");
}

template void PreparedGemm::Run(const CudaContext&, const float*, const float*, float*, std::byte*) const;
template void PreparedGemm::Run(const CudaContext&, const double*, const double*, double*, std::byte*) const;

}  // namespace paddle::cuda
