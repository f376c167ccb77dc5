#pragma once
// An op's attributes: one struct with defaults, whose Fields() lists them once. The C++ type fixes the wire type.
//
//   struct ScaleAttrs {
//     float scale = 1;
//     static auto Fields() { return std::tuple{Field{"scale", &ScaleAttrs::scale, "Factor."}}; }
//   };

#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

enum class Presence { kDefaulted, kRequired };

template <class Attrs, class T>
struct Field {
  std::string_view name;
  T Attrs::*member;
  std::string_view doc;
  Presence presence = Presence::kDefaulted;
};
template <class Attrs, class T>
Field(std::string_view, T Attrs::*, std::string_view) -> Field<Attrs, T>;
template <class Attrs, class T>
Field(std::string_view, T Attrs::*, std::string_view, Presence) -> Field<Attrs, T>;

// For ops without attributes.
struct NoAttrs {
  static auto Fields() { return std::tuple{}; }
};

// One attribute as the registry lists it.
struct AttrSpec {
  std::string_view name;
  AttrType type;
  AttrValue default_value;
  bool required = false;
  std::string_view doc;
};

// `value` as wire type `to`, where the conversion loses nothing: int and long, a list and its empty form, 0/1 as bool.
// Throws InvalidArgument otherwise.
AttrValue ConvertAttr(const AttrValue& value, AttrType to);

// Attributes that saved programs carry for machinery which does not exist here ("use_cudnn", "fuse_relu", ...).
// True when `name` is one of them; throws Unimplemented when its value asks for something that would change the result.
bool CheckForeignAttr(std::string_view name, const AttrValue& value);

namespace internal {

template <class T>
AttrValue ToAttrValue(const T& value) {
  return AttrValue(std::in_place_type<T>, value);
}

// Throws InvalidArgument for attributes of `op` that `specs` does not list, and for required ones that are missing.
void CheckAttrNames(const OpDesc& op, const std::vector<AttrSpec>& specs);
[[noreturn]] void ThrowAttr(const OpDesc& op, std::string_view name, const std::exception& error);

}  // namespace internal

template <class Attrs>
std::vector<AttrSpec> ListAttrs() {
  std::vector<AttrSpec> specs;
  const Attrs defaults{};
  std::apply(
      [&](const auto&... field) {
        (..., [&] {
          AttrValue value = internal::ToAttrValue(defaults.*(field.member));
          const AttrType type = TypeOf(value);
          specs.push_back({field.name, type, std::move(value), field.presence == Presence::kRequired, field.doc});
        }());
      },
      Attrs::Fields());
  return specs;
}

// The attributes of `op`, checked. Throws InvalidArgument for an unknown name, a wrong type, a missing required one.
template <class Attrs>
Attrs ParseAttrs(const OpDesc& op, const std::vector<AttrSpec>& specs) {
  internal::CheckAttrNames(op, specs);
  Attrs attrs;
  std::apply(
      [&](const auto&... field) {
        (..., [&] {
          using T = std::remove_cvref_t<decltype(attrs.*(field.member))>;
          const AttrValue* value = op.FindAttr(field.name);
          if (!value) return;
          try {
            if (const T* same = std::get_if<T>(value)) {
              attrs.*(field.member) = *same;
            } else {
              attrs.*(field.member) = std::get<T>(ConvertAttr(*value, TypeOf(internal::ToAttrValue(T{}))));
            }
          } catch (const std::exception& error) {
            internal::ThrowAttr(op, field.name, error);
          }
        }());
      },
      Attrs::Fields());
  return attrs;
}

// Writes all attributes into `op`, in their order.
template <class Attrs>
void DumpAttrs(const Attrs& attrs, OpDesc* op) {
  std::apply(
      [&](const auto&... field) { (..., op->SetAttr(field.name, internal::ToAttrValue(attrs.*(field.member)))); },
      Attrs::Fields());
}

}  // namespace paddle
