#pragma once
// A weight laid out for products with few rows: column blocks ("panels") that one register tile covers, each
// contiguous.

#include <cstddef>
#include <cstdint>

namespace paddle {

// What is packed: `gates` matrices of k rows and `units` columns side by side; element (i, gate g, unit u) of them is
// src[i * row_stride + (g * units + u) * column_stride]. A tile gets all gates of the same units, so that it can finish
// them.
struct PanelShape {
  int64_t k = 0, units = 0;
  int gates = 1;
  int64_t row_stride = 0, column_stride = 1;
};

// Elements of the packed form; it depends on the machine's vectors. T: float, double or BFloat16; that is packed in
// pairs of rows, zeros behind the last.
template <class T>
size_t PanelElements(const PanelShape& shape);

// Packs on all threads.
template <class T>
void PackPanels(const PanelShape& shape, const T* src, T* packed);

}  // namespace paddle
