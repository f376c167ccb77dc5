#include "paddle/math/gemm.h"

#include <Eigen/Core>
#include <algorithm>

#include "paddle/base/round_up.h"
#include "paddle/device/parallel.h"
#include "paddle/math/amx.h"
#include "paddle/math/cast.h"
#include "paddle/math/dot_bf16.h"
#include "paddle/math/onednn.h"

namespace paddle {
namespace {

constexpr size_t kScratchAlignment = 64;

// With every row distance filled in.
GemmShape Complete(GemmShape s) {
  if (s.lda == 0) s.lda = s.trans_a ? s.m : s.k;
  if (s.ldb == 0) s.ldb = s.trans_b ? s.k : s.n;
  if (s.ldc == 0) s.ldc = s.n;
  return s;
}

// C = beta C, for products over nothing (k = 0, or alpha = 0).
template <class T>
void ScaleOutput(const GemmShape& s, Computed<T> beta, T* c) {
  for (int64_t i = 0; i < s.batch * s.m; ++i) {
    T* row = c + i / s.m * s.stride_c + i % s.m * s.ldc;
    if (beta == 0)
      std::fill_n(row, s.n, T());
    else
      std::transform(row, row + s.n, row, [beta](T v) { return Kept<T>(beta * v); });
  }
}

// Whether sgemm is the fastest way: by up to 15 % where B fits into the cache. It takes memory of its own, in
// proportion to the operands; where they are larger, or transposed, oneDNN's primitive for products is as fast.
bool SuitsSgemm(const GemmShape& s) {
  constexpr int64_t kMostOfB = int64_t{1} << 21;
  return s.batch == 1 && !s.trans_a && !s.trans_b && s.n * s.k <= kMostOfB;
}

// oneDNN's own split of a product over threads, but for that of plain matrices by sgemm, is slow for large ones: they
// are cut into columns, one part a thread.
struct ColumnParts {
  int64_t count = 1, width = 0;  // of all parts but the last

  ColumnParts(const GemmShape& s, int threads) : width(s.n) {
    constexpr int64_t kNarrowest = 512, kStep = 64;
    if (threads < 2 || s.batch != 1 || s.n < kNarrowest * threads || s.m * s.k < kNarrowest * kStep) return;
    width = (s.n + threads * kStep - 1) / (threads * kStep) * kStep;
    count = (s.n + width - 1) / width;
  }
  GemmShape Shape(GemmShape s, int64_t part) const {
    s.n = std::min(width, s.n - part * width);
    return s;
  }
  int64_t OffsetB(const GemmShape& s, int64_t part) const { return part * width * (s.trans_b ? s.ldb : 1); }
  int64_t OffsetC(int64_t part) const { return part * width; }

  // body(part) for each, one a thread.
  template <class Body>
  void ForEach(const Body& body) const {
    ParallelFor(count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) body(part);
    });
  }
};

void GemmPart(const GemmShape& s, float alpha, const float* a, const float* b, float beta, float* c) {
  const dnnl_status_t status = dnnl_sgemm(s.trans_a ? 'T' : 'N', s.trans_b ? 'T' : 'N', s.m, s.n, s.k, alpha, a, s.lda,
                                          b, s.ldb, beta, c, s.ldc);
  Ensure(status == dnnl_success, "the product of a [", s.m, ", ", s.k, "] and a [", s.k, ", ", s.n,
         "] matrix failed with status ", static_cast<int>(status));
}

void GemmOne(const GemmShape& s, float alpha, const float* a, const float* b, float beta, float* c) {
  const ColumnParts parts(s, NumThreads());
  if (parts.count == 1 || SuitsSgemm(s)) return GemmPart(s, alpha, a, b, beta, c);
  parts.ForEach([&](int64_t part) {
    GemmPart(parts.Shape(s, part), alpha, a, b + parts.OffsetB(s, part), beta, c + parts.OffsetC(part));
  });
}

void GemmOne(const GemmShape& s, double alpha, const double* a, const double* b, double beta, double* c) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Stride = Eigen::OuterStride<>;
  const Eigen::Map<const Matrix, 0, Stride> ma(a, s.trans_a ? s.k : s.m, s.trans_a ? s.m : s.k, Stride(s.lda));
  const Eigen::Map<const Matrix, 0, Stride> mb(b, s.trans_b ? s.n : s.k, s.trans_b ? s.k : s.n, Stride(s.ldb));
  Eigen::Map<Matrix, 0, Stride> mc(c, s.m, s.n, Stride(s.ldc));
  if (beta == 0)
    mc.setZero();
  else if (beta != 1)
    mc *= beta;
  if (s.trans_a && s.trans_b)
    mc.noalias() += alpha * ma.transpose() * mb.transpose();
  else if (s.trans_a)
    mc.noalias() += alpha * ma.transpose() * mb;
  else if (s.trans_b)
    mc.noalias() += alpha * ma * mb.transpose();
  else
    mc.noalias() += alpha * ma * mb;
}

// The layouts of a product's matrices, and what else tells it.
struct MatMulDescs {
  dnnl::memory::desc a, b, c;
  dnnl::primitive_attr attr = onednn::UserScratch();

  MatMulDescs(const GemmShape& s, float alpha, float beta, dnnl::memory::data_type type) {
    const auto matrix = [&](int64_t rows, int64_t columns, bool trans, int64_t ld, int64_t stride) {
      const dnnl::memory::dims sizes = {stride ? s.batch : 1, rows, columns};
      return onednn::Strided(sizes, {stride ? stride : rows * columns, trans ? 1 : ld, trans ? ld : 1}, type);
    };
    if (s.batch == 1) {  // plain matrices take the fast paths
      a = onednn::Strided({s.m, s.k}, {s.trans_a ? 1 : s.lda, s.trans_a ? s.lda : 1}, type);
      b = onednn::Strided({s.k, s.n}, {s.trans_b ? 1 : s.ldb, s.trans_b ? s.ldb : 1}, type);
      c = onednn::Strided({s.m, s.n}, {s.ldc, 1}, type);
    } else {
      a = matrix(s.m, s.k, s.trans_a, s.lda, s.stride_a);
      b = matrix(s.k, s.n, s.trans_b, s.ldb, s.stride_b);
      c = matrix(s.m, s.n, false, s.ldc, s.stride_c);
    }
    if (alpha != 1) attr.set_output_scales(0, {alpha});
    if (beta != 0) {
      dnnl::post_ops ops;
      ops.append_sum(beta);
      attr.set_post_ops(ops);
    }
  }
};

onednn::Call MakeMatMul(const MatMulDescs& descs, const dnnl::matmul::primitive_desc& pd) {
  return onednn::MakeCall<dnnl::matmul>(
      pd, {{DNNL_ARG_SRC, descs.a}, {DNNL_ARG_WEIGHTS, pd.weights_desc()}, {DNNL_ARG_DST, descs.c}});
}

// The oneDNN matrix product, which packs transposed operands by itself.
onednn::Call MatMul(const MatMulDescs& descs) {
  return MakeMatMul(descs, dnnl::matmul::primitive_desc({descs.a, descs.b, descs.c}, descs.attr, onednn::Engine()));
}

// The product with B in blocks, as AVX-512 code wants it; none where the plain matrix is as good.
onednn::Call PackedMatMul(const GemmShape& s, const MatMulDescs& descs, onednn::PackedWeight* weight) {
  if (s.batch != 1) return {};
  const dnnl::memory::desc any({s.k, s.n}, descs.b.data_type(), dnnl::memory::format_tag::any);
  const dnnl::matmul::primitive_desc pd({descs.a, any, descs.c}, descs.attr, onednn::Engine());
  if (pd.weights_desc().data.format_desc.blocking.inner_nblks == 0) return {};
  *weight = onednn::PackedWeight(descs.b, pd.weights_desc());
  return MakeMatMul(descs, pd);
}

}  // namespace

template <class T>
void Gemm(const GemmShape& shape, Computed<T> alpha, const T* a, const T* b, Computed<T> beta, T* c) {
  const GemmShape s = Complete(shape);
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  if (s.k == 0) return ScaleOutput(s, beta, c);
  if constexpr (std::is_same_v<T, BFloat16>) {
    const PreparedGemm product(DType::kBFloat16, s, alpha, beta);
    const BufferPtr scratch = CachingAllocator().Allocate(product.scratch_bytes());
    product.Run(a, b, c, scratch->data());
  } else {
    for (int64_t i = 0; i < s.batch; ++i)
      GemmOne(s, alpha, a + i * s.stride_a, b + i * s.stride_b, beta, c + i * s.stride_c);
  }
}

template void Gemm<float>(const GemmShape&, float, const float*, const float*, float, float*);
template void Gemm<double>(const GemmShape&, double, const double*, const double*, double, double*);
template void Gemm<BFloat16>(const GemmShape&, float, const BFloat16*, const BFloat16*, float, BFloat16*);

namespace {

// The same product of matrices without gaps; the items of a batch lie one behind the other.
GemmShape Dense(const GemmShape& s) {
  GemmShape dense = s;
  dense.lda = dense.ldb = dense.ldc = 0;
  if (s.stride_a) dense.stride_a = s.m * s.k;
  if (s.stride_b) dense.stride_b = s.k * s.n;
  dense.stride_c = s.m * s.n;
  return Complete(dense);
}

// One operand: `items` matrices of `rows` rows as they are stored.
struct Stored {
  int64_t items, rows, columns, ld, stride;
  int64_t numel() const { return items * rows * columns; }

  // copy(from, to, n): a row between the strided matrices and a dense copy of them.
  template <class From, class To, class Copy>
  void ForRows(From* strided, To* dense, const Copy& copy) const {
    if (ld == columns && (items == 1 || stride == rows * columns)) return copy(strided, dense, numel());
    for (int64_t i = 0; i < items * rows; ++i)
      copy(strided + i / rows * stride + i % rows * ld, dense + i * columns, columns);
  }
};
Stored StoredA(const GemmShape& s) {
  return {s.stride_a ? s.batch : 1, s.trans_a ? s.k : s.m, s.trans_a ? s.m : s.k, s.lda, s.stride_a};
}
Stored StoredB(const GemmShape& s) {
  return {s.stride_b ? s.batch : 1, s.trans_b ? s.n : s.k, s.trans_b ? s.k : s.n, s.ldb, s.stride_b};
}
Stored StoredC(const GemmShape& s) { return {s.batch, s.m, s.n, s.ldc, s.stride_c}; }

void Widen(const BFloat16* from, float* to, int64_t n) {
  math::CastArray(from, DType::kBFloat16, to, DType::kFloat32, n);
}
void Narrow(BFloat16* to, const float* from, int64_t n) {
  math::CastArray(from, DType::kFloat32, to, DType::kBFloat16, n);
}

}  // namespace

struct PreparedGemm::Impl {
  DType dtype;
  GemmShape shape;
  double alpha, beta;
  ColumnParts parts;
  std::vector<onednn::Call> calls = {};  // one a part
  onednn::Call packed_call = {};
  onednn::PackedWeight weight = {};
  PreparedGemm widened = {};  // float32, without gaps

  size_t part_scratch_bytes() const {  // of each part
    size_t bytes = 0;
    for (const auto& call : calls) bytes = std::max(bytes, call.scratch_bytes());
    return RoundUp(bytes, kScratchAlignment);
  }
  template <class T>
  void Run(const T* a, const T* b, T* c, std::byte* scratch) {
    if (calls.size() == 1) return calls[0].Run({a, b, c}, scratch);
    const size_t bytes = part_scratch_bytes();
    parts.ForEach([&](int64_t part) {
      calls[part].Run({a, b + parts.OffsetB(shape, part), c + parts.OffsetC(part)}, scratch + part * bytes);
    });
  }
};

// bfloat16 is multiplied as such where the processor is faster at it; elsewhere as float32.
PreparedGemm::PreparedGemm(DType dtype, const GemmShape& shape, double alpha, double beta, int threads, bool weight)
    : impl_(std::make_shared<Impl>(
          Impl{dtype, Complete(shape), alpha, beta, ColumnParts(shape, threads ? threads : NumThreads())})) {
  const GemmShape& s = impl_->shape;
  if (dtype != DType::kFloat32 && dtype != DType::kFloat64 && dtype != DType::kBFloat16)
    ThrowDType(dtype, "float32, float64 or bfloat16");
  const bool empty = s.m == 0 || s.n == 0 || s.k == 0 || s.batch == 0;
  if (dtype == DType::kFloat64 || empty) return;
  if (dtype == DType::kBFloat16 && !amx::Available() && !dot_bf16::Available()) {
    impl_->widened = PreparedGemm(DType::kFloat32, Dense(s), alpha, beta, threads);
    return;
  }
  using Type = dnnl::memory::data_type;
  const Type type = dtype == DType::kBFloat16 ? Type::bf16 : Type::f32;
  const auto descs = [&](const GemmShape& part) {
    return MatMulDescs(part, static_cast<float>(alpha), static_cast<float>(beta), type);
  };
  const ColumnParts& parts = impl_->parts;
  // A weight gives the same, bit by bit, packed and plain: both by the primitive.
  if (dtype != DType::kFloat32 || threads == 1 || weight || !SuitsSgemm(s)) {
    const onednn::ThreadsAtCreation scope(parts.count > 1 ? 1 : threads ? threads : NumThreads());
    for (int64_t part = 0; part < parts.count; ++part) impl_->calls.push_back(MatMul(descs(parts.Shape(s, part))));
  }
  const onednn::ThreadsAtCreation scope(threads ? threads : NumThreads());
  if (weight) impl_->packed_call = PackedMatMul(s, descs(s), &impl_->weight);
}

size_t PreparedGemm::scratch_bytes() const {
  if (!impl_) return 0;
  if (impl_->widened.impl_) {
    const GemmShape& s = impl_->shape;
    const int64_t elements = StoredA(s).numel() + StoredB(s).numel() + StoredC(s).numel();
    return static_cast<size_t>(elements) * sizeof(float) + impl_->widened.scratch_bytes() + kScratchAlignment;
  }
  return std::max(impl_->part_scratch_bytes() * impl_->calls.size(), impl_->packed_call.scratch_bytes());
}

template <>
void PreparedGemm::Run(const float* a, const float* b, float* c, std::byte* scratch) const {
  if (!impl_->calls.empty()) return impl_->Run(a, b, c, scratch);
  Gemm<float>(impl_->shape, static_cast<float>(impl_->alpha), a, b, static_cast<float>(impl_->beta), c);
}

template <>
void PreparedGemm::Run(const double* a, const double* b, double* c, std::byte*) const {
  Gemm<double>(impl_->shape, impl_->alpha, a, b, impl_->beta, c);
}

template <>
void PreparedGemm::Run(const BFloat16* a, const BFloat16* b, BFloat16* c, std::byte* scratch) const {
  if (!impl_->calls.empty()) return impl_->Run(a, b, c, scratch);
  if (impl_->widened.impl_) return RunWidened(a, b, c, scratch);
  Gemm<BFloat16>(impl_->shape, static_cast<float>(impl_->alpha), a, b, static_cast<float>(impl_->beta), c);
}

void PreparedGemm::RunWidened(const BFloat16* a, const BFloat16* b, BFloat16* c, std::byte* scratch) const {
  const GemmShape& s = impl_->shape;
  const size_t inner = RoundUp(impl_->widened.scratch_bytes(), kScratchAlignment);
  auto* wide_a = reinterpret_cast<float*>(scratch + inner);
  float* wide_b = wide_a + StoredA(s).numel();
  float* wide_c = wide_b + StoredB(s).numel();
  StoredA(s).ForRows(a, wide_a, Widen);
  StoredB(s).ForRows(b, wide_b, Widen);
  if (impl_->beta != 0) StoredC(s).ForRows(c, wide_c, Widen);
  impl_->widened.Run<float>(wide_a, wide_b, wide_c, scratch);
  StoredC(s).ForRows(c, wide_c, Narrow);
}

template <class T>
void PreparedGemm::Run(const T* a, const Tensor& b, T* c, std::byte* scratch) const {
  if (impl_->packed_call)
    if (const BufferPtr packed = impl_->weight.Of(b)) return impl_->packed_call.Run({a, packed->data(), c}, scratch);
  Run(a, b.data<T>(), c, scratch);
}
template void PreparedGemm::Run<float>(const float*, const Tensor&, float*, std::byte*) const;
template void PreparedGemm::Run<double>(const double*, const Tensor&, double*, std::byte*) const;
template void PreparedGemm::Run<BFloat16>(const BFloat16*, const Tensor&, BFloat16*, std::byte*) const;

}  // namespace paddle
