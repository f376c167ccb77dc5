#include "paddle/math/reduce.h"

#include <algorithm>
#include <limits>

#include "paddle/math/binary.h"
#include "paddle/math/sum.h"

namespace paddle::math {

template <class T>
void SumAxes(const T* x, const Dims& dims, const Dims& kept, T* out) {
  // Summing a gradient back to a stretched operand is the same thing.
  RunBinaryGrad<T>({}, Side::kY, dims, kept, -1, x, out, nullptr, x, out);
}

template void SumAxes(const float*, const Dims&, const Dims&, float*);
template void SumAxes(const double*, const Dims&, const Dims&, double*);
template void SumAxes(const int32_t*, const Dims&, const Dims&, int32_t*);
template void SumAxes(const int64_t*, const Dims&, const Dims&, int64_t*);

namespace {

struct MaxFn {
  template <class T>
  T operator()(T a, T b) const {
    return a < b || b != b ? b : a;  // NaN wins
  }
};
struct MinFn {
  template <class T>
  T operator()(T a, T b) const {
    return b < a || b != b ? b : a;
  }
};
struct ProductFn {
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
};
struct AndFn {
  bool operator()(bool a, bool b) const { return a & b; }
};
struct OrFn {
  bool operator()(bool a, bool b) const { return a | b; }
};

template <class F, class T>
void FoldPart(F f, T start, const Broadcast& b, int64_t x0, int64_t y0, const T* x, T* out) {
  const int last = b.rank - 1;
  WalkRows(b, 0, b.numel(), [&](int64_t, int64_t i, int64_t j, int64_t n) {
    T* target = out + y0 + j;
    const T* row = x + x0 + i;
    if (b.y_stride[last] == 0) {
      *target = f(*target, FoldSerial(f, row, n, start));
    } else {
      MapSerial(f, target, row, target, n);
    }
  });
}

template <class F, class T>
void Run(F f, T start, const T* x, const Dims& dims, const Dims& kept, T* out) {
  std::fill_n(out, kept.numel(), start);
  const Broadcast b = MakeBroadcast(dims, kept, -1);
  int split = -1;  // the largest axis that is kept
  for (int i = 0; i < b.rank; ++i)
    if (b.y_stride[i] && (split < 0 || b.size[i] > b.size[split])) split = i;
  if (split < 0) return FoldPart(f, start, b, 0, 0, x, out);
  const int64_t grain = std::max<int64_t>(1, kCheapGrain * b.size[split] / std::max<int64_t>(b.numel(), 1));
  ParallelFor(b.size[split], grain, [&](int64_t begin, int64_t end) {
    Broadcast part = b;
    part.size[split] = end - begin;
    FoldPart(f, start, part, begin * b.x_stride[split], begin * b.y_stride[split], x, out);
  });
}

}  // namespace

template <class T>
void FoldAxes(Fold fold, const T* x, const Dims& dims, const Dims& kept, T* out) {
  using Limits = std::numeric_limits<T>;
  switch (fold) {
    case Fold::kMax:
      return Run(MaxFn(), Limits::has_infinity ? -Limits::infinity() : Limits::lowest(), x, dims, kept, out);
    case Fold::kMin:
      return Run(MinFn(), Limits::has_infinity ? Limits::infinity() : Limits::max(), x, dims, kept, out);
    case Fold::kProduct:
      return Run(ProductFn(), T(1), x, dims, kept, out);
  }
}

template void FoldAxes(Fold, const float*, const Dims&, const Dims&, float*);
template void FoldAxes(Fold, const double*, const Dims&, const Dims&, double*);
template void FoldAxes(Fold, const int32_t*, const Dims&, const Dims&, int32_t*);
template void FoldAxes(Fold, const int64_t*, const Dims&, const Dims&, int64_t*);

void AllAxes(const bool* x, const Dims& dims, const Dims& kept, bool* out) { Run(AndFn(), true, x, dims, kept, out); }
void AnyAxes(const bool* x, const Dims& dims, const Dims& kept, bool* out) { Run(OrFn(), false, x, dims, kept, out); }

template <class T>
void SpreadAxes(const T* x, const Dims& dims, const Dims& kept, T factor, T* y) {
  const Broadcast b = MakeBroadcast(dims, kept, -1);
  const int last = b.rank - 1;
  ParallelFor(b.numel(), kCheapGrain, [&](int64_t begin, int64_t end) {
    WalkRows(b, begin, end, [&](int64_t o, int64_t, int64_t j, int64_t n) {
      if (b.y_stride[last] == 0)
        std::fill_n(y + o, n, x[j] * factor);
      else
        MapSerial([factor](T v) { return v * factor; }, x + j, y + o, n);
    });
  });
}

template void SpreadAxes(const float*, const Dims&, const Dims&, float, float*);
template void SpreadAxes(const double*, const Dims&, const Dims&, double, double*);
template void SpreadAxes(const int32_t*, const Dims&, const Dims&, int32_t, int32_t*);
template void SpreadAxes(const int64_t*, const Dims&, const Dims&, int64_t, int64_t*);

}  // namespace paddle::math
