#pragma once
// Attributes of the ops that make random tensors.

#include <numeric>
#include <utility>

#include "paddle/math/random.h"
#include "paddle/ops/creation/creation.h"

namespace paddle {

inline constexpr std::string_view kRandomShapeDoc = "Sizes of Out.";
inline constexpr std::string_view kRandomSeedDoc =
    "Not 0: every run gives the same numbers. 0: the program's seed and the run's number decide.";
inline constexpr std::string_view kRandomDTypeDoc = "Element type of Out, by its number in Fluid's files.";
inline constexpr std::string_view kRandomInIdxDoc = "The axis of Input whose size is taken.",
                                  kRandomOutIdxDoc = "The axis of Out that gets it.";

// Where an op takes its shape from: the attribute `shape` and shape tensors, or a size of the input `Input`.
struct RandomShape {
  std::vector<int64_t> shape;
};
struct RandomShapeLike {
  std::vector<int32_t> shape;
  int32_t input_dim_idx = 0;
  int32_t output_dim_idx = 0;
};

// The attributes of ShapeSource, then those in `rest`.
template <class A, class... Rest>
auto RandomShapeFields(const Rest&... rest) {
  if constexpr (std::is_base_of_v<RandomShapeLike, A>) {
    return std::tuple{Field{"shape", &A::shape, kRandomShapeDoc, Presence::kRequired},
                      Field{"input_dim_idx", &A::input_dim_idx, kRandomInIdxDoc},
                      Field{"output_dim_idx", &A::output_dim_idx, kRandomOutIdxDoc}, rest...};
  } else {
    return std::tuple{Field{"shape", &A::shape, kRandomShapeDoc}, rest...};
  }
}

template <class ShapeSource>
struct GaussianAttrs : ShapeSource {
  float mean = 0, std = 1;
  int32_t seed = 0;
  int32_t dtype = 5;
  static auto Fields() {
    using A = GaussianAttrs;
    return RandomShapeFields<A>(Field{"mean", &A::mean, "Mean."}, Field{"std", &A::std, "Standard deviation."},
                                Field{"seed", &A::seed, kRandomSeedDoc}, Field{"dtype", &A::dtype, kRandomDTypeDoc});
  }
};

template <class ShapeSource>
struct UniformAttrs : ShapeSource {
  float min = -1, max = 1;
  int32_t seed = 0;
  int32_t diag_num = 0, diag_step = 0;
  float diag_val = 1;
  int32_t dtype = 5;
  static auto Fields() {
    using A = UniformAttrs;
    return RandomShapeFields<A>(
        Field{"min", &A::min, "Lower bound, included."}, Field{"max", &A::max, "Upper bound, excluded."},
        Field{"seed", &A::seed, kRandomSeedDoc},
        Field{"diag_num", &A::diag_num, "Number of elements that become diag_val."},
        Field{"diag_step", &A::diag_step, "They stand diag_step + 1 elements apart, from the first on."},
        Field{"diag_val", &A::diag_val, "Their value."}, Field{"dtype", &A::dtype, kRandomDTypeDoc});
  }
};

struct TruncatedAttrs {
  std::vector<int32_t> shape;
  float mean = 0, std = 1;
  int32_t seed = 0;
  int32_t dtype = 5;
  static auto Fields() {
    using A = TruncatedAttrs;
    return std::tuple{Field{"shape", &A::shape, kRandomShapeDoc, Presence::kRequired}, Field{"mean", &A::mean, "Mean."},
                      Field{"std", &A::std, "Standard deviation before cutting."},
                      Field{"seed", &A::seed, kRandomSeedDoc}, Field{"dtype", &A::dtype, kRandomDTypeDoc}};
  }
};

struct RandintAttrs : RandomShape {
  int32_t low = 0, high = 0;
  int32_t dtype = 3;
  int32_t seed = 0;
  static auto Fields() {
    using A = RandintAttrs;
    return RandomShapeFields<A>(Field{"low", &A::low, "Lower bound, included.", Presence::kRequired},
                                Field{"high", &A::high, "Upper bound, excluded.", Presence::kRequired},
                                Field{"dtype", &A::dtype, kRandomDTypeDoc}, Field{"seed", &A::seed, kRandomSeedDoc});
  }
};

struct RandpermAttrs {
  int32_t n = 0;
  int32_t dtype = 3;
  int32_t seed = 0;
  static auto Fields() {
    using A = RandpermAttrs;
    return std::tuple{Field{"n", &A::n, "Number of elements.", Presence::kRequired},
                      Field{"dtype", &A::dtype, kRandomDTypeDoc}, Field{"seed", &A::seed, kRandomSeedDoc}};
  }
};

struct SeedAttrs {
  int32_t seed = 0;
  static auto Fields() {
    return std::tuple{Field{"seed", &SeedAttrs::seed, "The number; 0: a new random one every run."}};
  }
};

using NormalAttrs = GaussianAttrs<RandomShape>;
using NormalLikeAttrs = GaussianAttrs<RandomShapeLike>;
using FlatAttrs = UniformAttrs<RandomShape>;
using FlatLikeAttrs = UniformAttrs<RandomShapeLike>;

// The stream of an op's random numbers in this run.
inline math::Philox RandomStream(const RandomSource& source, int64_t seed) {
  const RandomKey key = source.Key(seed);
  return math::Philox(key.seed, key.step, key.op);
}

// The numbers 0 to n - 1 in random order (Fisher and Yates).
template <class T>
void Permute(const math::Philox& philox, int64_t n, T* data) {
  std::iota(data, data + n, T(0));
  for (int64_t i = n - 1; i > 0; --i) {
    const auto bits = philox(static_cast<uint64_t>(i));
    std::swap(data[i], data[math::BelowBound(uint64_t{bits[1]} << 32 | bits[0], static_cast<uint64_t>(i) + 1)]);
  }
}

}  // namespace paddle
