#pragma once
// Sparse rows added to a dense matrix.

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/math/map.h"
#include "paddle/math/sum.h"
#include "paddle/tensor/variable.h"

namespace paddle::math {

// Adds the rows to `out` of shape [height, width]. Throws InvalidArgument for a row outside.
template <class T>
void AddRows(const SelectedRows& rows, T* out, int64_t height, int64_t width) {
  for (size_t i = 0; i < rows.rows.size(); ++i)
    Require(rows.rows[i] >= 0 && rows.rows[i] < height, "row ", rows.rows[i],
            " of sparse rows is out of range; there are ", height);
  // Threads share columns, not rows: the order in which a row's parts add up is fixed.
  const int64_t grain = kCheapGrain / std::max<int64_t>(1, static_cast<int64_t>(rows.rows.size()));
  ParallelFor(width, std::max<int64_t>(16, grain), [&](int64_t begin, int64_t end) {
    const T* value = rows.value.data<T>();
    for (size_t i = 0; i < rows.rows.size(); ++i)
      AddTo(value + static_cast<int64_t>(i) * width + begin, out + rows.rows[i] * width + begin, end - begin);
  });
}

}  // namespace paddle::math
