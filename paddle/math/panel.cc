#include "paddle/math/panel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "paddle/math/panel.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "paddle/device/parallel.h"
#include "paddle/math/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace paddle {
namespace HWY_NAMESPACE {

template <class T>
size_t Elements(const PanelShape& shape) {
  return static_cast<size_t>(PanelCount<T>(shape.units, shape.gates) * PanelSize<T>(shape.k));
}

// One panel; a square of the source at a time stays in the cache.
template <class T>
void PackPanel(const PanelShape& shape, const T* src, int64_t panel, T* to) {
  constexpr int64_t n = kLanes<T>, kBlock = 16, kGroup = kPanelGroup<T>;
  for (int64_t from = 0; from < shape.k; from += kBlock) {
    const int64_t until = std::min(shape.k, from + kBlock);
    for (int v = 0; v < kPanelVectors; ++v) {
      const int64_t unit = (panel * UnitVectors(shape.gates) + v / shape.gates) * n;
      const int64_t count = std::clamp<int64_t>(shape.units - unit, 0, n);
      const T* column = src + ((v % shape.gates) * shape.units + unit) * shape.column_stride;
      for (int64_t i = from; i < until; ++i) {
        T* out = to + (i / kGroup * kPanelColumns<T> + v * n) * kGroup + i % kGroup;
        for (int64_t lane = 0; lane < count; ++lane)
          out[lane * kGroup] = column[i * shape.row_stride + lane * shape.column_stride];
        for (int64_t lane = count; lane < n; ++lane) out[lane * kGroup] = T{};
      }
    }
  }
  for (int64_t i = shape.k; i < PanelDepth<T>(shape.k); ++i)
    for (int64_t column = 0; column < kPanelColumns<T>; ++column)
      to[(i / kGroup * kPanelColumns<T> + column) * kGroup + i % kGroup] = T{};
}

template <class T>
void Pack(const PanelShape& shape, const T* src, T* packed) {
  ParallelFor(PanelCount<T>(shape.units, shape.gates), 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel)
      PackPanel(shape, src, panel, packed + panel * PanelSize<T>(shape.k));
  });
}

size_t ElementsFloat(const PanelShape& shape) { return Elements<float>(shape); }
size_t ElementsDouble(const PanelShape& shape) { return Elements<double>(shape); }
size_t ElementsBFloat16(const PanelShape& shape) { return Elements<BFloat16>(shape); }
void PackFloat(const PanelShape& shape, const float* src, float* packed) { Pack(shape, src, packed); }
void PackDouble(const PanelShape& shape, const double* src, double* packed) { Pack(shape, src, packed); }
void PackBFloat16(const PanelShape& shape, const BFloat16* src, BFloat16* packed) { Pack(shape, src, packed); }

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paddle {

HWY_EXPORT(ElementsFloat);
HWY_EXPORT(ElementsDouble);
HWY_EXPORT(ElementsBFloat16);
HWY_EXPORT(PackFloat);
HWY_EXPORT(PackDouble);
HWY_EXPORT(PackBFloat16);

template <>
size_t PanelElements<float>(const PanelShape& shape) {
  return HWY_DYNAMIC_DISPATCH(ElementsFloat)(shape);
}
template <>
size_t PanelElements<double>(const PanelShape& shape) {
  return HWY_DYNAMIC_DISPATCH(ElementsDouble)(shape);
}
template <>
size_t PanelElements<BFloat16>(const PanelShape& shape) {
  return HWY_DYNAMIC_DISPATCH(ElementsBFloat16)(shape);
}
template <>
void PackPanels<float>(const PanelShape& shape, const float* src, float* packed) {
  HWY_DYNAMIC_DISPATCH(PackFloat)(shape, src, packed);
}
template <>
void PackPanels<double>(const PanelShape& shape, const double* src, double* packed) {
  HWY_DYNAMIC_DISPATCH(PackDouble)(shape, src, packed);
}
template <>
void PackPanels<BFloat16>(const PanelShape& shape, const BFloat16* src, BFloat16* packed) {
  HWY_DYNAMIC_DISPATCH(PackBFloat16)(shape, src, packed);
}

}  // namespace paddle
#endif
