#pragma once
// Pooling of one plane, a row of outputs at a time, on vectors: where windows lie one beside the other.

#include <algorithm>

#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/ops/conv/pool2d.h"

namespace paddle {

// Whether the windows of an axis lie one beside the other, all of them inside the image.
inline bool AreTiles(const PoolAxis& axis) {
  return !axis.adaptive && axis.kernel == axis.stride && axis.before == 0 && axis.out * axis.stride <= axis.size;
}

// The widths of windows that rows are written for.
inline bool HasRows(const PoolSizes& s) {
  return !s.nhwc && AreTiles(s.rows) && AreTiles(s.columns) && (s.columns.kernel == 1 || s.columns.kernel == 2);
}

template <int kWidth, class Pool, class T>
void PoolRows(const PoolSizes& s, const T* x, T* out) {
  const int64_t outs = s.columns.out, columns = s.columns.size, height = s.rows.kernel;
  for (int64_t y = 0; y < s.rows.out; ++y, out += outs) {
    math::RunLoop<T>([=, from = x + y * height * columns] {
      std::fill_n(out, outs, Pool::template kStart<T>);
      for (int64_t i = 0; i < height; ++i)
        for (int j = 0; j < kWidth; ++j) {
          const T* row = from + i * columns + j;
#pragma GCC ivdep
          for (int64_t z = 0; z < outs; ++z) out[z] = Pool::Add(out[z], row[z * kWidth]);
        }
#pragma GCC ivdep
      for (int64_t z = 0; z < outs; ++z) out[z] = Pool::Finish(out[z], height * kWidth);
    });
  }
}

// The first element that equals the largest gets the window's gradient. `rest`: memory for a row of outputs.
template <int kWidth, class T>
void MaxGradRows(const PoolSizes& s, const T* x, const T* out, const T* d_out, T* dx, T* rest) {
  const int64_t outs = s.columns.out, columns = s.columns.size, height = s.rows.kernel;
  for (int64_t y = 0; y < s.rows.out; ++y, out += outs, d_out += outs) {
    math::RunLoop<T>([=, begin = y * height * columns] {
      std::copy_n(d_out, outs, rest);
      for (int64_t i = 0; i < height; ++i) {
        const T* row = x + begin + i * columns;
        T* to = dx + begin + i * columns;
#pragma GCC ivdep
        for (int64_t z = 0; z < outs; ++z)
          for (int j = 0; j < kWidth; ++j) {
            const bool hit = row[z * kWidth + j] == out[z];
            to[z * kWidth + j] = math::Select(hit, rest[z], T(0));
            rest[z] = math::Select(hit, T(0), rest[z]);
          }
        std::fill(to + outs * kWidth, to + columns, T(0));
      }
    });
  }
  std::fill(dx + s.rows.out * height * columns, dx + s.rows.size * columns, T(0));
}

}  // namespace paddle
