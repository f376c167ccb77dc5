#include "paddle/math/amx.h"

#include <cstddef>
#include <cstdlib>

#include "paddle/base/errors.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define PADDLE_AMX [[gnu::target("amx-tile,amx-bf16")]]
#endif

namespace paddle::amx {

#ifdef PADDLE_AMX
namespace {

constexpr int kTile = 16;                                        // rows of a tile; a row has 64 bytes
constexpr int kTileColumns = 16;                                 // floats of a row of sums
constexpr int64_t kRowBytes = 64 * sizeof(float);                // of `out`
constexpr int64_t kPairBytes = kColumns * 2 * sizeof(BFloat16);  // two rows of `right`

bool Detect() {
  if (std::getenv("PADDLE_SIMD")) return false;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  constexpr unsigned kBf16 = 1u << 22, kTiles = 1u << 24;  // CPUID.7.0:EDX
  if ((d & kBf16) == 0 || (d & kTiles) == 0) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

// The layout that LDTILECFG reads.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {kTile, kTile, kTile, kTile, kTile, kTile, kTile, kTile};
};

// In static memory: compilers do not know that the instruction reads all of it, and drop stores to a local one.
PADDLE_AMX void Configure() {
  static constexpr TileConfig kConfig;
  _tile_loadconfig(&kConfig);
}

PADDLE_AMX void Release() { _tile_release(); }

// Sixteen rows of sums, all columns at once.
PADDLE_AMX void Flat(const BFloat16* left, const BFloat16* right, int64_t depth, float* out) {
  const auto* b = reinterpret_cast<const std::byte*>(right);
  const auto stride = static_cast<int64_t>(depth * sizeof(BFloat16));
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t p = 0; p < depth; p += kDepth, b += kDepth / 2 * kPairBytes) {
    _tile_loadd(4, left + p, stride);
    _tile_loadd(5, b, kPairBytes);
    _tile_loadd(6, b + 64, kPairBytes);
    _tile_dpbf16ps(0, 4, 5);
    _tile_dpbf16ps(1, 4, 6);
    _tile_loadd(5, b + 128, kPairBytes);
    _tile_loadd(6, b + 192, kPairBytes);
    _tile_dpbf16ps(2, 4, 5);
    _tile_dpbf16ps(3, 4, 6);
  }
  _tile_stored(0, out, kRowBytes);
  _tile_stored(1, out + kTileColumns, kRowBytes);
  _tile_stored(2, out + 2 * kTileColumns, kRowBytes);
  _tile_stored(3, out + 3 * kTileColumns, kRowBytes);
}

// Two tiles of rows by two of columns: each tile that is loaded takes part in two products.
PADDLE_AMX void Square(const BFloat16* left, const BFloat16* right, int64_t depth, float* out) {
  const auto* b = reinterpret_cast<const std::byte*>(right);
  const auto stride = static_cast<int64_t>(depth * sizeof(BFloat16));
  const BFloat16* below = left + kTile * depth;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t p = 0; p < depth; p += kDepth, b += kDepth / 2 * kPairBytes) {
    _tile_loadd(4, left + p, stride);
    _tile_loadd(6, b, kPairBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, below + p, stride);
    _tile_dpbf16ps(1, 5, 6);
    _tile_loadd(7, b + 64, kPairBytes);
    _tile_dpbf16ps(2, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
  }
  float* out_below = out + kTile * kColumns;
  _tile_stored(0, out, kRowBytes);
  _tile_stored(1, out_below, kRowBytes);
  _tile_stored(2, out + kTileColumns, kRowBytes);
  _tile_stored(3, out_below + kTileColumns, kRowBytes);
}

}  // namespace

bool Available() {
  static const bool available = Detect();
  return available;
}

Setup::Setup(bool wanted) : wanted_(wanted) {
  if (wanted_) Configure();
}
Setup::~Setup() {
  if (wanted_) Release();
}

void Product(int rows, const BFloat16* left, const BFloat16* right, int64_t depth, float* out) {
  if (rows <= kTile) return Flat(left, right, depth, out);
  Square(left, right, depth, out);
  Square(left, right + kColumns, depth, out + kColumns / 2);
}

#else

bool Available() { return false; }
Setup::Setup(bool wanted) : wanted_(wanted) {}
Setup::~Setup() = default;
void Product(int, const BFloat16*, const BFloat16*, int64_t, float*) {
  Ensure(false, "this build has no products of tiles");
}
#endif

}  // namespace paddle::amx
