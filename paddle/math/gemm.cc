#include "paddle/math/gemm.h"

#include <Eigen/Core>
#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/math/onednn.h"

namespace paddle {
namespace {

// With every row distance filled in.
GemmShape Complete(GemmShape s) {
  if (s.lda == 0) s.lda = s.trans_a ? s.m : s.k;
  if (s.ldb == 0) s.ldb = s.trans_b ? s.k : s.n;
  if (s.ldc == 0) s.ldc = s.n;
  return s;
}

// C = beta C, for products over nothing (k = 0, or alpha = 0).
template <class T>
void ScaleOutput(const GemmShape& s, T beta, T* c) {
  for (int64_t i = 0; i < s.batch * s.m; ++i) {
    T* row = c + i / s.m * s.stride_c + i % s.m * s.ldc;
    if (beta == 0)
      std::fill_n(row, s.n, T(0));
    else
      std::transform(row, row + s.n, row, [beta](T v) { return beta * v; });
  }
}

void GemmOne(const GemmShape& s, float alpha, const float* a, const float* b, float beta, float* c) {
  const dnnl_status_t status = dnnl_sgemm(s.trans_a ? 'T' : 'N', s.trans_b ? 'T' : 'N', s.m, s.n, s.k, alpha, a, s.lda,
                                          b, s.ldb, beta, c, s.ldc);
  Ensure(status == dnnl_success, "the product of a [", s.m, ", ", s.k, "] and a [", s.k, ", ", s.n,
         "] matrix failed with status ", static_cast<int>(status));
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

  MatMulDescs(const GemmShape& s, float alpha, float beta) {
    const auto matrix = [&](int64_t rows, int64_t columns, bool trans, int64_t ld, int64_t stride) {
      const dnnl::memory::dims sizes = {stride ? s.batch : 1, rows, columns};
      return onednn::Strided(sizes, {stride ? stride : rows * columns, trans ? 1 : ld, trans ? ld : 1});
    };
    if (s.batch == 1) {  // plain matrices take the fast paths
      a = onednn::Strided({s.m, s.k}, {s.trans_a ? 1 : s.lda, s.trans_a ? s.lda : 1});
      b = onednn::Strided({s.k, s.n}, {s.trans_b ? 1 : s.ldb, s.trans_b ? s.ldb : 1});
      c = onednn::Strided({s.m, s.n}, {s.ldc, 1});
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
  const dnnl::memory::desc any({s.k, s.n}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
  const dnnl::matmul::primitive_desc pd({descs.a, any, descs.c}, descs.attr, onednn::Engine());
  if (pd.weights_desc().data.format_desc.blocking.inner_nblks == 0) return {};
  *weight = onednn::PackedWeight(descs.b, pd.weights_desc());
  return MakeMatMul(descs, pd);
}

}  // namespace

template <class T>
void Gemm(const GemmShape& shape, T alpha, const T* a, const T* b, T beta, T* c) {
  const GemmShape s = Complete(shape);
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  if (s.k == 0) return ScaleOutput(s, beta, c);
  for (int64_t i = 0; i < s.batch; ++i)
    GemmOne(s, alpha, a + i * s.stride_a, b + i * s.stride_b, beta, c + i * s.stride_c);
}

template void Gemm<float>(const GemmShape&, float, const float*, const float*, float, float*);
template void Gemm<double>(const GemmShape&, double, const double*, const double*, double, double*);

struct PreparedGemm::Impl {
  DType dtype;
  GemmShape shape;
  double alpha, beta;
  onednn::Call call, packed_call = {};
  onednn::PackedWeight weight = {};
};

PreparedGemm::PreparedGemm(DType dtype, const GemmShape& shape, double alpha, double beta, int threads, bool weight)
    : impl_(std::make_shared<Impl>(Impl{dtype, Complete(shape), alpha, beta, {}})) {
  const GemmShape& s = impl_->shape;
  if (dtype != DType::kFloat32 && dtype != DType::kFloat64) ThrowDType(dtype, "float32 or float64");
  const bool empty = s.m == 0 || s.n == 0 || s.k == 0 || s.batch == 0;
  if (dtype != DType::kFloat32 || empty) return;
  const onednn::ThreadsAtCreation scope(threads ? threads : NumThreads());
  const MatMulDescs descs(s, static_cast<float>(alpha), static_cast<float>(beta));
  impl_->call = MatMul(descs);
  if (weight) impl_->packed_call = PackedMatMul(s, descs, &impl_->weight);
}

size_t PreparedGemm::scratch_bytes() const {
  return impl_ ? std::max(impl_->call.scratch_bytes(), impl_->packed_call.scratch_bytes()) : 0;
}

template <>
void PreparedGemm::Run(const float* a, const float* b, float* c, std::byte* scratch) const {
  if (impl_->call) return impl_->call.Run({a, b, c}, scratch);
  Gemm<float>(impl_->shape, static_cast<float>(impl_->alpha), a, b, static_cast<float>(impl_->beta), c);
}

template <>
void PreparedGemm::Run(const double* a, const double* b, double* c, std::byte*) const {
  Gemm<double>(impl_->shape, impl_->alpha, a, b, impl_->beta, c);
}

template <class T>
void PreparedGemm::Run(const T* a, const Tensor& b, T* c, std::byte* scratch) const {
  if (impl_->packed_call)
    if (const BufferPtr packed = impl_->weight.Of(b)) return impl_->packed_call.Run({a, packed->data(), c}, scratch);
  Run(a, b.data<T>(), c, scratch);
}
template void PreparedGemm::Run<float>(const float*, const Tensor&, float*, std::byte*) const;
template void PreparedGemm::Run<double>(const double*, const Tensor&, double*, std::byte*) const;

}  // namespace paddle
