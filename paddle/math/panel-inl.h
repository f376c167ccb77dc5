// Products of a few rows with a packed weight, finished tile by tile, for each target of Highway.

#if defined(PADDLE_MATH_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PADDLE_MATH_PANEL_INL_H_
#undef PADDLE_MATH_PANEL_INL_H_
#else
#define PADDLE_MATH_PANEL_INL_H_
#endif

#include <algorithm>

#include "hwy/aligned_allocator.h"
#include "hwy/highway.h"
#include "paddle/base/errors.h"
#include "paddle/math/amx.h"
#include "paddle/math/bfloat16.h"
#include "paddle/math/dot_bf16.h"
#include "paddle/math/panel.h"

HWY_BEFORE_NAMESPACE();
namespace paddle {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A register tile: kTileRows rows by kPanelVectors vectors of sums.
constexpr int kPanelVectors = 4;
constexpr int kTileRows = HWY_TARGET <= HWY_AVX3 ? 6 : 3;

// Vectors of T's computed values.
template <class T>
using Tag = hn::ScalableTag<Computed<T>>;
template <class T>
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(Tag<T>()));
template <class T>
constexpr int64_t kPanelColumns = kPanelVectors* kLanes<T>;

// Rows of a panel whose elements of one column lie side by side, and the rows that a panel of k is filled up to.
template <class T>
constexpr int64_t kPanelGroup = std::is_same_v<T, BFloat16> ? 2 : 1;
template <class T>
constexpr int64_t PanelDepth(int64_t k) {
  constexpr int64_t kMultiple = std::is_same_v<T, BFloat16> ? amx::kDepth : 1;
  return (k + kMultiple - 1) / kMultiple * kMultiple;
}
// Elements of a panel.
template <class T>
constexpr int64_t PanelSize(int64_t k) {
  return PanelDepth<T>(k) * kPanelColumns<T>;
}

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

// The same with rows a[r * depth + ...] that are widened already and a panel of pairs, which is widened here.
template <int R>
HWY_INLINE void PairedTileProduct(const float* HWY_RESTRICT a, const BFloat16* HWY_RESTRICT panel, int64_t depth,
                                  float* HWY_RESTRICT out) {
  const Tag<float> d;
  const hn::RebindToUnsigned<Tag<float>> du;
  using V = hn::Vec<Tag<float>>;
  const auto high = hn::Set(du, 0xffff0000u);
  const auto* pairs = reinterpret_cast<const uint32_t*>(panel);
  V sum[R][kPanelVectors];
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; ++v) sum[i][v] = hn::Zero(d);
  for (int64_t p = 0; p < depth; p += 2, pairs += kPanelColumns<float>) {
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; ++v) {
      const auto pair = hn::Load(du, pairs + v * kLanes<float>);
      const V even = hn::BitCast(d, hn::ShiftLeft<16>(pair)), odd = hn::BitCast(d, hn::And(pair, high));
#pragma GCC unroll 8
      for (int i = 0; i < R; ++i)
        sum[i][v] = hn::MulAdd(hn::Set(d, a[i * depth + p + 1]), odd,
                               hn::MulAdd(hn::Set(d, a[i * depth + p]), even, sum[i][v]));
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; ++v) hn::Store(sum[i][v], d, out + i * kPanelColumns<float> + v * kLanes<float>);
}

inline HWY_NOINLINE void PairedTileProduct(int rows, const float* a, const BFloat16* panel, int64_t depth, float* out) {
  switch (rows) {
    case 1:
      return PairedTileProduct<1>(a, panel, depth, out);
    case 2:
      return PairedTileProduct<2>(a, panel, depth, out);
    case 3:
      return PairedTileProduct<3>(a, panel, depth, out);
    case 4:
      return PairedTileProduct<std::min(4, kTileRows)>(a, panel, depth, out);
    case 5:
      return PairedTileProduct<std::min(5, kTileRows)>(a, panel, depth, out);
    default:
      return PairedTileProduct<std::min(6, kTileRows)>(a, panel, depth, out);
  }
}

// The left matrix of products with panels on one thread: its rows, and how a tile of them is multiplied.
//   Take       the rows of the next product
//   Multiply   rows [begin, end), one tile, times a panel into `sums` [rows, kPanelColumns]
template <class T>
class PanelLeft {
 public:
  static constexpr int kMostRows = kTileRows;

  PanelLeft(int64_t, int64_t) {}
  int tile_rows() const { return kTileRows; }
  // The first row of a tile: tiles are of nearly equal height.
  int64_t Begin(int64_t rows, int64_t tile, int64_t tiles) const { return rows * tile / tiles; }

  template <class Finisher>
  void Take(int64_t, int64_t, const Finisher&) {}
  template <class Finisher>
  HWY_INLINE void Multiply(int64_t begin, int64_t end, const T* panel, int64_t k, const Finisher& finisher, T* sums) {
    const T* a[kTileRows];
    for (int64_t j = begin; j < end; ++j) a[j - begin] = finisher.Row(j);
    TileProduct(static_cast<int>(end - begin), a, panel, k, sums);
  }
};

// Of bfloat16: rows are gathered once for all panels, as the tile unit or dot products take them, or widened.
template <>
class PanelLeft<BFloat16> {
 public:
  static constexpr int kMostRows = std::max(kTileRows, amx::kRows);

  // Room for so many rows of k elements at most.
  PanelLeft(int64_t rows, int64_t k)
      : way_(BestWay()),
        setup_(way_ == Way::kTiles),
        memory_(hwy::AllocateAligned<float>(Room(rows, PanelDepth<BFloat16>(k)))) {
    Ensure(memory_ != nullptr, "out of memory for ", rows, " rows of ", k, " elements");
  }
  int tile_rows() const { return way_ == Way::kTiles ? amx::kRows : kTileRows; }
  int64_t Begin(int64_t rows, int64_t tile, int64_t tiles) const {
    return way_ == Way::kTiles ? std::min(rows, tile * amx::kRows) : rows * tile / tiles;
  }

  template <class Finisher>
  void Take(int64_t k, int64_t rows, const Finisher& finisher) {
    const int64_t depth = PanelDepth<BFloat16>(k);
    for (int64_t j = 0; j < rows; ++j) {
      const BFloat16* from = finisher.Row(j);
      if (way_ == Way::kWidened)
        Put(from, k, depth, memory_.get() + j * depth);
      else
        Put(from, k, depth, narrow() + j * depth);
    }
  }
  template <class Finisher>
  HWY_INLINE void Multiply(int64_t begin, int64_t end, const BFloat16* panel, int64_t k, const Finisher&, float* sums) {
    const int64_t depth = PanelDepth<BFloat16>(k);
    const int rows = static_cast<int>(end - begin);
    switch (way_) {
      case Way::kTiles:
        return amx::Product(rows, narrow() + begin * depth, panel, depth, sums);
      case Way::kDots:
        return dot_bf16::Product(rows, narrow() + begin * depth, panel, depth, sums);
      case Way::kWidened:
        return PairedTileProduct(rows, memory_.get() + begin * depth, panel, depth, sums);
    }
  }

 private:
  enum class Way { kTiles, kDots, kWidened };
  static Way BestWay() {
    if (kPanelColumns<float> == amx::kColumns && amx::Available()) return Way::kTiles;
    if (kPanelColumns<float> == dot_bf16::kColumns && kTileRows == dot_bf16::kRows && dot_bf16::Available())
      return Way::kDots;
    return Way::kWidened;
  }

  // Floats. The tile unit reads whole tiles of rows: there is memory behind the last row.
  size_t Room(int64_t rows, int64_t depth) const {
    return static_cast<size_t>(way_ == Way::kWidened ? (rows + 1) * depth : (rows + amx::kRows) * depth / 2);
  }
  BFloat16* narrow() { return reinterpret_cast<BFloat16*>(memory_.get()); }

  // A row, filled up with zeros.
  template <class To>
  static void Put(const BFloat16* from, int64_t k, int64_t depth, To* to) {
    std::copy(from, from + k, to);
    std::fill(to + k, to + depth, To{});
  }

  const Way way_;
  const amx::Setup setup_;
  const hwy::AlignedFreeUniquePtr<float[]> memory_;
};

// For each panel in [first, last) and each tile of rows: the sums of the first `product_rows` rows, zero for the other
// of the `rows` rows, are handed to the finisher:
//   const T* finisher.Row(int64_t j)                                 row j of the left matrix
//   void finisher.Prefetch(int64_t panel, int64_t j)                 row j of this panel is about to be finished
//   void finisher.Finish(int64_t panel, int64_t j, int n, const Computed<T>* sums)  rows [j, j + n): [n, kPanelColumns]
template <class T, class Finisher>
HWY_INLINE void PanelProduct(const T* packed, int64_t k, int64_t first, int64_t last, int64_t rows,
                             int64_t product_rows, PanelLeft<T>& left, Finisher& finisher) {
  HWY_ALIGN Computed<T> sums[PanelLeft<T>::kMostRows * kPanelColumns<T>];
  const int64_t tile_rows = left.tile_rows(), tiles = (product_rows + tile_rows - 1) / tile_rows;
  left.Take(k, product_rows, finisher);
  for (int64_t panel = first; panel < last; ++panel) {
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t begin = left.Begin(product_rows, tile, tiles), end = left.Begin(product_rows, tile + 1, tiles);
      for (int64_t j = begin; j < end; ++j) finisher.Prefetch(panel, j);
      left.Multiply(begin, end, packed + panel * PanelSize<T>(k), k, finisher, sums);
      finisher.Finish(panel, begin, static_cast<int>(end - begin), sums);
    }
    if (product_rows >= rows) continue;
    std::fill(std::begin(sums), std::end(sums), Computed<T>{0});
    for (int64_t j = product_rows; j < rows; j += tile_rows)
      finisher.Finish(panel, j, static_cast<int>(std::min<int64_t>(tile_rows, rows - j)), sums);
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

HWY_INLINE hn::Vec<Tag<float>> LoadUnits(Tag<float> d, const BFloat16* from, int64_t count) {
  const hn::Rebind<uint16_t, Tag<float>> half;
  const hn::RebindToUnsigned<Tag<float>> du;
  HWY_ALIGN uint16_t lanes[kLanes<float>] = {};
  const auto* bits = reinterpret_cast<const uint16_t*>(from);
  if (HWY_UNLIKELY(count < kLanes<float>)) bits = std::copy(bits, bits + count, lanes) - count;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(half, bits))));
}

// Rounds to nearest even, as BFloatBits does; NaN stays NaN.
HWY_INLINE void StoreUnits(hn::Vec<Tag<float>> value, Tag<float>, BFloat16* to, int64_t count) {
  const hn::Rebind<uint16_t, Tag<float>> half;
  const hn::RebindToUnsigned<Tag<float>> du;
  const hn::RebindToSigned<Tag<float>> di;
  const auto bits = hn::BitCast(du, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fffu)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x400000u));
  const auto chosen = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(value)), quiet, rounded);
  const auto kept = hn::DemoteTo(half, hn::BitCast(di, hn::ShiftRight<16>(chosen)));
  auto* halves = reinterpret_cast<uint16_t*>(to);
  if (HWY_LIKELY(count >= kLanes<float>)) return hn::StoreU(kept, half, halves);
  HWY_ALIGN uint16_t lanes[kLanes<float>];
  hn::Store(kept, half, lanes);
  std::copy(lanes, lanes + count, halves);
}

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();
#endif
