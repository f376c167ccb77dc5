// Convolution by columns: each image's patches become the columns of a [patch, out pixels] matrix.
#include <algorithm>
#include <vector>

#include "paddle/device/parallel.h"
#include "paddle/math/conv_impl.h"
#include "paddle/math/gemm.h"
#include "paddle/tensor/tensor.h"

namespace paddle {
namespace {

// Elements from one channel, row, pixel of the input to the next.
struct InputSteps {
  int64_t channel, row, pixel;
  explicit InputSteps(const ConvShape& s)
      : channel(s.nhwc ? 1 : s.h * s.w), row(s.nhwc ? s.w * s.c : s.w), pixel(s.nhwc ? s.c : 1) {}
};

// The first and one past the last output position whose input position, at kernel offset `at`, lies inside [0, size).
struct Inside {
  int64_t begin, end;
  Inside(int64_t at, int64_t stride, int64_t size, int64_t out) {
    begin = at >= 0 ? 0 : std::min(out, (-at + stride - 1) / stride);
    end = at >= size ? begin : std::clamp((size - at + stride - 1) / stride, begin, out);
  }
};

// Calls body(kernel row offset, output row, columns that lie inside, element offset in the matrix row) ... in the
// matrix's order.
template <class Body>
void ForEachColumnRow(const ConvShape& s, const Body& body) {
  const InputSteps step(s);
  int64_t matrix_row = 0;
  for (int64_t c = 0; c < s.c / s.groups; ++c)
    for (int64_t i = 0; i < s.kernel_h; ++i)
      for (int64_t j = 0; j < s.kernel_w; ++j, ++matrix_row) {
        const int64_t top = i * s.dilation_h - s.pad_top, left = j * s.dilation_w - s.pad_left;
        const Inside rows(top, s.stride_h, s.h, s.out_h), columns(left, s.stride_w, s.w, s.out_w);
        for (int64_t y = 0; y < s.out_h; ++y) {
          const bool inside = y >= rows.begin && y < rows.end;
          const int64_t from = c * step.channel + (top + y * s.stride_h) * step.row + left * step.pixel;
          body(matrix_row * s.out_pixels() + y * s.out_w, inside ? columns : Inside(0, 1, 0, 0), from);
        }
      }
}

template <class T>
void ToColumns(const ConvShape& s, const T* input, T* matrix) {
  const int64_t step = s.stride_w * InputSteps(s).pixel;
  ForEachColumnRow(s, [&](int64_t to, const Inside& columns, int64_t from) {
    T* row = matrix + to;
    const T* x = input + from;
    std::fill(row, row + columns.begin, T(0));
    if (step == 1)
      std::copy(x + columns.begin, x + columns.end, row + columns.begin);
    else
      for (int64_t i = columns.begin; i < columns.end; ++i) row[i] = x[i * step];
    std::fill(row + columns.end, row + s.out_w, T(0));
  });
}

// Adds the columns to the pixels they came from.
template <class T>
void FromColumns(const ConvShape& s, const T* matrix, T* input) {
  const int64_t step = s.stride_w * InputSteps(s).pixel;
  ForEachColumnRow(s, [&](int64_t at, const Inside& columns, int64_t to) {
    const T* row = matrix + at;
    T* x = input + to;
    for (int64_t i = columns.begin; i < columns.end; ++i) x[i * step] += row[i];
  });
}

// Whether the columns are the input itself.
bool IsPointwise(const ConvShape& s) {
  return !s.nhwc && s.kernel_h == 1 && s.kernel_w == 1 && s.stride_h == 1 && s.stride_w == 1 && s.pad_top == 0 &&
         s.pad_left == 0 && s.out_h == s.h && s.out_w == s.w;
}

constexpr double kProductsPerTask = 131072;  // about 10 us

constexpr size_t kAlign = 64;
size_t Align(size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

// Images are dealt out to as many parts as there are threads; each part has its own matrix and, for the filter's
// gradient, its own sum.
template <class T>
class ColumnConv final : public Convolution::Impl {
 public:
  ColumnConv(DType dtype, const ConvShape& shape, ConvPass pass, bool accumulate)
      : shape_(shape), pass_(pass), pointwise_(IsPointwise(shape)) {
    const double products = static_cast<double>(shape.output_size()) * static_cast<double>(shape.patch());
    const int64_t useful = products < 2 * kProductsPerTask ? 1 : NumThreads();
    const int64_t parts = std::clamp<int64_t>(useful, 1, std::max<int64_t>(shape.n, 1));
    const int threads = parts > 1 || useful == 1 ? 1 : 0;
    for (int64_t i = 0; i < parts; ++i) {
      first_.emplace_back(dtype, Product(), 1, accumulate ? 1 : 0, threads);
      if (pass == ConvPass::kFilterGrad) more_.emplace_back(dtype, Product(), 1, 1, threads);
    }
    const Dims matrix{shape.c / shape.groups, shape.kernel_h, shape.kernel_w, shape.out_h, shape.out_w};
    matrix_bytes_ = pointwise_ ? 0 : Align(BytesOf(dtype, matrix));
    sum_bytes_ = pass == ConvPass::kFilterGrad && parts > 1 ? Align(shape.filter_size() * sizeof(T)) : 0;
    gemm_bytes_ = Align(first_[0].scratch_bytes());
    if (!more_.empty()) gemm_bytes_ = std::max(gemm_bytes_, Align(more_[0].scratch_bytes()));
  }

  size_t scratch_bytes() const override { return first_.size() * PartBytes(); }

  void Run(const Tensor& a, const Tensor& b, Tensor& result, std::byte* scratch) override {
    const int64_t parts = static_cast<int64_t>(first_.size()), images = shape_.n;
    T* out = result.mutable_data<T>();
    if (pass_ == ConvPass::kFilterGrad && images == 0) std::fill_n(out, shape_.filter_size(), T(0));
    ParallelFor(parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        std::byte* own = scratch + part * PartBytes();
        T* to = out;
        if (pass_ == ConvPass::kFilterGrad && part > 0) to = reinterpret_cast<T*>(own + matrix_bytes_ + gemm_bytes_);
        for (int64_t i = images * part / parts; i < images * (part + 1) / parts; ++i)
          RunImage(part, i, i > images * part / parts, a.data<T>(), b.data<T>(), to, own);
      }
    });
    if (sum_bytes_ > 0) AddParts(out, scratch);
  }

 private:
  size_t PartBytes() const { return matrix_bytes_ + gemm_bytes_ + sum_bytes_; }

  // Per image and group, with Y the output as [filters, pixels] ([pixels, filters] for nhwc), W the filter as [filters,
  // patch], M the matrix:
  //   kForward Y = W M,   kInputGrad M = W' Y,   kFilterGrad W = Y M'
  GemmShape Product() const {
    const ConvShape& s = shape_;
    const int64_t filters = s.filters / s.groups, pixels = s.out_pixels(), patch = s.patch();
    const int64_t ldy = s.nhwc ? s.filters : pixels;
    switch (pass_) {
      case ConvPass::kForward:
        if (s.nhwc) return {.m = pixels, .n = filters, .k = patch, .trans_a = true, .trans_b = true, .ldc = ldy};
        return {.m = filters, .n = pixels, .k = patch};
      case ConvPass::kInputGrad:
        return {.m = patch, .n = pixels, .k = filters, .trans_a = true, .trans_b = s.nhwc, .ldb = ldy};
      case ConvPass::kFilterGrad:
        return {.m = filters, .n = patch, .k = pixels, .trans_a = s.nhwc, .trans_b = true, .lda = ldy};
    }
    return {};
  }

  void RunImage(int64_t part, int64_t image, bool more, const T* a, const T* b, T* out, std::byte* own) const {
    const ConvShape& s = shape_;
    T* matrix = reinterpret_cast<T*>(own);
    std::byte* gemm_scratch = own + matrix_bytes_;
    const int64_t input_at = image * s.c * s.h * s.w, output_at = image * s.filters * s.out_pixels();
    if (pass_ == ConvPass::kInputGrad && !pointwise_) std::fill_n(out + input_at, s.c * s.h * s.w, T(0));
    for (int64_t g = 0; g < s.groups; ++g) {
      const int64_t x = input_at + g * (s.c / s.groups) * InputSteps(s).channel;
      const int64_t y = output_at + g * (s.filters / s.groups) * (s.nhwc ? 1 : s.out_pixels());
      const int64_t w = g * (s.filters / s.groups) * s.patch();
      if (pass_ == ConvPass::kInputGrad) {
        first_[part].Run(b + w, a + y, pointwise_ ? out + x : matrix, gemm_scratch);
        if (!pointwise_) FromColumns(s, matrix, out + x);
        continue;
      }
      if (!pointwise_) ToColumns(s, a + x, matrix);
      const T* columns = pointwise_ ? a + x : matrix;
      if (pass_ == ConvPass::kFilterGrad)
        (more ? more_ : first_)[part].Run(b + y, columns, out + w, gemm_scratch);
      else if (s.nhwc)
        first_[part].Run(columns, b + w, out + y, gemm_scratch);
      else
        first_[part].Run(b + w, columns, out + y, gemm_scratch);
    }
  }

  // out += the sums of the other parts, in their order.
  void AddParts(T* out, std::byte* scratch) const {
    ParallelFor(shape_.filter_size(), 16384, [&](int64_t begin, int64_t end) {
      for (size_t part = 1; part < first_.size(); ++part) {
        const T* sum = reinterpret_cast<const T*>(scratch + part * PartBytes() + matrix_bytes_ + gemm_bytes_);
        for (int64_t i = begin; i < end; ++i) out[i] += sum[i];
      }
    });
  }

  ConvShape shape_;
  ConvPass pass_;
  bool pointwise_;
  std::vector<PreparedGemm> first_, more_;  // one a part; `more_` adds to the part's sum
  size_t matrix_bytes_ = 0, gemm_bytes_ = 0, sum_bytes_ = 0;
};

}  // namespace

std::shared_ptr<Convolution::Impl> MakeColumnConv(DType dtype, const ConvShape& shape, ConvPass pass, bool accumulate) {
  return VisitFloat(dtype, [&]<class T>() -> std::shared_ptr<Convolution::Impl> {
    return std::make_shared<ColumnConv<T>>(dtype, shape, pass, accumulate);
  });
}

}  // namespace paddle
