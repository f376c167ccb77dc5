// Products of a few rows with a packed weight, finished tile by tile, for each target of Highway.

#if defined(PADDLE_MATH_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PADDLE_MATH_PANEL_INL_H_
#undef PADDLE_MATH_PANEL_INL_H_
#else
#define PADDLE_MATH_PANEL_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "paddle/math/panel.h"

HWY_BEFORE_NAMESPACE();
namespace paddle {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A register tile: kTileRows rows by kPanelVectors vectors of sums.
constexpr int kPanelVectors = 4;
constexpr int kTileRows = HWY_TARGET <= HWY_AVX3 ? 6 : 3;

template <class T>
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
template <class T>
constexpr int64_t kPanelColumns = kPanelVectors* kLanes<T>;

// Vectors of units that one panel covers.
constexpr int UnitVectors(int gates) { return kPanelVectors / gates; }

template <class T>
int64_t PanelCount(int64_t units, int gates) {
  const int64_t per_panel = UnitVectors(gates) * kLanes<T>;
  return (units + per_panel - 1) / per_panel;
}

// Sums of rows a[0..R) times one panel of k rows, into `out` [R, kPanelColumns].
template <int R, class T>
HWY_INLINE void TileProduct(const T* const* HWY_RESTRICT a, const T* HWY_RESTRICT panel, int64_t k,
                            T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int64_t n = kLanes<T>;
  const T* row[R];
  V sum[R][kPanelVectors];
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i) {
    row[i] = a[i];
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; ++v) sum[i][v] = hn::Zero(d);
  }
  for (int64_t p = 0; p < k; ++p) {
    V b[kPanelVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; ++v) b[v] = hn::Load(d, panel + v * n);
    panel += kPanelColumns<T>;
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i) {
      const V x = hn::Set(d, row[i][p]);
#pragma GCC unroll 4
      for (int v = 0; v < kPanelVectors; ++v) sum[i][v] = hn::MulAdd(x, b[v], sum[i][v]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; ++v) hn::Store(sum[i][v], d, out + i * kPanelColumns<T> + v * n);
}

template <class T>
HWY_NOINLINE void TileProduct(int rows, const T* const* a, const T* panel, int64_t k, T* out) {
  static_assert(kTileRows <= 6);
  switch (rows) {
    case 1:
      return TileProduct<1>(a, panel, k, out);
    case 2:
      return TileProduct<2>(a, panel, k, out);
    case 3:
      return TileProduct<3>(a, panel, k, out);
    case 4:
      return TileProduct<std::min(4, kTileRows)>(a, panel, k, out);
    case 5:
      return TileProduct<std::min(5, kTileRows)>(a, panel, k, out);
    default:
      return TileProduct<std::min(6, kTileRows)>(a, panel, k, out);
  }
}

// For each panel in [first, last) and each tile of rows: the sums of the first `product_rows` rows, zero for the other
// of the `rows` rows, are handed to the finisher:
//   const T* finisher.Row(int64_t j)                                 row j of the left matrix
//   void finisher.Prefetch(int64_t panel, int64_t j)                 row j of this panel is about to be finished
//   void finisher.Finish(int64_t panel, int64_t j, int n, const T* sums)   rows [j, j + n); sums: [n, kPanelColumns]
template <class T, class Finisher>
HWY_INLINE void PanelProduct(const T* packed, int64_t k, int64_t first, int64_t last, int64_t rows,
                             int64_t product_rows, Finisher& finisher) {
  HWY_ALIGN T sums[kTileRows * kPanelColumns<T>];
  for (int64_t panel = first; panel < last; ++panel) {
    const int64_t tiles = (product_rows + kTileRows - 1) / kTileRows;
    for (int64_t tile = 0; tile < tiles; ++tile) {  // tiles of nearly equal height
      const int64_t begin = product_rows * tile / tiles, end = product_rows * (tile + 1) / tiles;
      const T* a[kTileRows];
      for (int64_t j = begin; j < end; ++j) {
        a[j - begin] = finisher.Row(j);
        finisher.Prefetch(panel, j);
      }
      TileProduct(static_cast<int>(end - begin), a, packed + panel * k * kPanelColumns<T>, k, sums);
      finisher.Finish(panel, begin, static_cast<int>(end - begin), sums);
    }
    if (product_rows >= rows) continue;
    std::fill(std::begin(sums), std::end(sums), T{0});
    for (int64_t j = product_rows; j < rows; j += kTileRows)
      finisher.Finish(panel, j, static_cast<int>(std::min<int64_t>(kTileRows, rows - j)), sums);
  }
}

// `count` of a vector's lanes from memory, zero behind them.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadUnits(D d, const T* from, int64_t count) {
  if (HWY_LIKELY(count >= kLanes<T>)) return hn::LoadU(d, from);
  HWY_ALIGN T lanes[kLanes<T>] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
  return hn::Load(d, lanes);
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE void StoreUnits(hn::Vec<D> value, D d, T* to, int64_t count) {
  if (HWY_LIKELY(count >= kLanes<T>)) return hn::StoreU(value, d, to);
  HWY_ALIGN T lanes[kLanes<T>];
  hn::Store(value, d, lanes);
  for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
}

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();
#endif
