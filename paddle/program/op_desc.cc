#include <algorithm>
#include <array>
#include <set>

#include "framework.pb.h"
#include "paddle/program/program.h"

namespace paddle {

bool IsCommonAttr(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {kOpRole, kOpRoleVar, kOpNameScope, kOpCallstack,
                                                             kOpDevice};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

namespace {

const std::vector<std::string>& ArgsOf(const std::vector<OpDesc::Slot>& slots, std::string_view name) {
  static const std::vector<std::string> kNone;
  for (const auto& slot : slots)
    if (slot.name == name) return slot.args;
  return kNone;
}

std::vector<std::string> AllArgs(const std::vector<OpDesc::Slot>& slots) {
  std::vector<std::string> names;
  for (const auto& slot : slots) names.insert(names.end(), slot.args.begin(), slot.args.end());
  return names;
}

}  // namespace

void OpDesc::set_type(std::string type) {
  type_ = std::move(type);
  Edited();
}

void OpDesc::CopyFrom(const OpDesc& other) {
  EditCounter own = edits_;
  *this = other;
  edits_ = std::move(own);
  Edited();
}

const std::vector<std::string>& OpDesc::Input(std::string_view slot) const { return ArgsOf(inputs_, slot); }
const std::vector<std::string>& OpDesc::Output(std::string_view slot) const { return ArgsOf(outputs_, slot); }
std::vector<std::string> OpDesc::InputNames() const { return AllArgs(inputs_); }
std::vector<std::string> OpDesc::OutputNames() const { return AllArgs(outputs_); }

void OpDesc::Set(std::vector<Slot>& slots, std::string_view name, std::vector<std::string> names) {
  for (auto& slot : slots)
    if (slot.name == name) {
      slot.args = std::move(names);
      return;
    }
  slots.push_back({std::string(name), std::move(names)});
}

void OpDesc::SetInput(std::string_view slot, std::vector<std::string> names) {
  Set(inputs_, slot, std::move(names));
  Edited();
}

void OpDesc::SetOutput(std::string_view slot, std::vector<std::string> names) {
  Set(outputs_, slot, std::move(names));
  Edited();
}

void OpDesc::Rename(std::vector<Slot>& slots, std::string_view from, std::string_view to) {
  for (auto& slot : slots)
    for (auto& arg : slot.args)
      if (arg == from) arg = to;
}

void OpDesc::RenameInput(std::string_view from, std::string_view to) {
  Rename(inputs_, from, to);
  Edited();
}

void OpDesc::RenameOutput(std::string_view from, std::string_view to) {
  Rename(outputs_, from, to);
  Edited();
}

const AttrValue* OpDesc::FindAttr(std::string_view name) const {
  for (const auto& [key, value] : attrs_)
    if (key == name) return &value;
  return nullptr;
}

void OpDesc::SetAttr(std::string_view name, AttrValue value) {
  Edited();
  for (auto& [key, held] : attrs_)
    if (key == name) {
      held = std::move(value);
      return;
    }
  attrs_.emplace_back(name, std::move(value));
}

void OpDesc::RemoveAttr(std::string_view name) {
  std::erase_if(attrs_, [&](const auto& attr) { return attr.first == name; });
  Edited();
}

std::string OpDesc::UserLine() const {
  // Two entries a frame: '  File "net.py", line 7, in <module>' and the line's text. Ours begin with the user's own
  // frame; in files of older packages the package's own frames come first.
  const auto* value = FindAttr(kOpCallstack);
  const auto* frames = value ? std::get_if<std::vector<std::string>>(value) : nullptr;
  if (!frames || frames->empty()) return {};
  size_t at = 0;
  while (at + 2 < frames->size() && frames->at(at).find("/paddle/fluid/") != std::string::npos) at += 2;
  std::string line = frames->at(at);
  if (at + 1 < frames->size()) line += ": " + frames->at(at + 1);
  const auto from = line.find_first_not_of(" \n");
  line.erase(0, from == std::string::npos ? 0 : from);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::vector<int> OpDesc::Blocks() const {
  std::vector<int> blocks;
  for (const auto& attr : attrs_) {
    if (const auto* one = std::get_if<BlockRef>(&attr.second)) blocks.push_back(one->index);
    if (const auto* many = std::get_if<std::vector<BlockRef>>(&attr.second))
      for (const auto& block : *many) blocks.push_back(block.index);
  }
  return blocks;
}

void OpDesc::RenumberBlocks(const std::function<int(int)>& number) {
  for (auto& attr : attrs_) {
    if (auto* one = std::get_if<BlockRef>(&attr.second)) one->index = number(one->index);
    if (auto* many = std::get_if<std::vector<BlockRef>>(&attr.second))
      for (auto& block : *many) block.index = number(block.index);
  }
  Edited();
}

namespace {

template <class Repeated, class T>
void Add(Repeated* field, const std::vector<T>& values) {
  for (const auto& value : values) field->Add()->assign(value);
}

template <class T>
auto ToVector(const T& field) {
  return std::vector<typename T::value_type>(field.begin(), field.end());
}

struct AttrWriter {
  proto::OpDesc::Attr& to;
  void operator()(int32_t v) { to.set_i(v); }
  void operator()(float v) { to.set_f(v); }
  void operator()(const std::string& v) { to.set_s(v); }
  void operator()(const std::vector<int32_t>& v) { to.mutable_ints()->Add(v.begin(), v.end()); }
  void operator()(const std::vector<float>& v) { to.mutable_floats()->Add(v.begin(), v.end()); }
  void operator()(const std::vector<std::string>& v) {
    for (const auto& text : v) to.add_strings(text);
  }
  void operator()(bool v) { to.set_b(v); }
  void operator()(const std::vector<bool>& v) {
    for (const bool bit : v) to.add_bools(bit);
  }
  void operator()(BlockRef v) { to.set_block_idx(v.index); }
  void operator()(int64_t v) { to.set_l(v); }
  void operator()(const std::vector<BlockRef>& v) {
    for (const auto& block : v) to.add_blocks_idx(block.index);
  }
  void operator()(const std::vector<int64_t>& v) { to.mutable_longs()->Add(v.begin(), v.end()); }
  void operator()(const std::vector<double>& v) { to.mutable_float64s()->Add(v.begin(), v.end()); }
  void operator()(const UnknownAttr& v) { to.ParseFromString(v.bytes); }
};

AttrValue ReadAttr(const proto::OpDesc::Attr& from) {
  if (!from.unknown_fields().empty()) return UnknownAttr{from.type(), from.SerializeAsString()};
  switch (static_cast<AttrType>(from.type())) {
    case AttrType::kInt:
      return from.i();
    case AttrType::kFloat:
      return from.f();
    case AttrType::kString:
      return from.s();
    case AttrType::kInts:
      return ToVector(from.ints());
    case AttrType::kFloats:
      return ToVector(from.floats());
    case AttrType::kStrings:
      return ToVector(from.strings());
    case AttrType::kBool:
      return from.b();
    case AttrType::kBools:
      return std::vector<bool>(from.bools().begin(), from.bools().end());
    case AttrType::kBlock:
      return BlockRef{from.block_idx()};
    case AttrType::kLong:
      return int64_t{from.l()};
    case AttrType::kBlocks: {
      std::vector<BlockRef> blocks;
      for (const int index : from.blocks_idx()) blocks.push_back({index});
      return blocks;
    }
    case AttrType::kLongs:
      return std::vector<int64_t>(from.longs().begin(), from.longs().end());
    case AttrType::kDoubles:
      return ToVector(from.float64s());
    default:
      return UnknownAttr{from.type(), from.SerializeAsString()};
  }
}

template <class Fields>
void ReadSlots(const Fields& from, std::string_view op, std::vector<OpDesc::Slot>* to) {
  std::set<std::string> seen;
  for (const auto& slot : from) {
    Require(!slot.parameter().empty(), "op '", op, "' has a slot without a name");
    Require(seen.insert(slot.parameter()).second, "op '", op, "' has slot '", slot.parameter(), "' twice");
    to->push_back({slot.parameter(), ToVector(slot.arguments())});
  }
}

}  // namespace

proto::OpDesc OpDesc::ToProto() const {
  proto::OpDesc message;
  for (const auto& slot : inputs_) {
    auto* to = message.add_inputs();
    to->set_parameter(slot.name);
    for (const auto& arg : slot.args) to->add_arguments(arg);
  }
  for (const auto& slot : outputs_) {
    auto* to = message.add_outputs();
    to->set_parameter(slot.name);
    for (const auto& arg : slot.args) to->add_arguments(arg);
  }
  message.set_type(type_);
  for (const auto& [name, value] : attrs_) {
    auto* to = message.add_attrs();
    to->set_name(name);
    to->set_type(static_cast<int>(TypeOf(value)));
    AttrWriter writer{*to};
    std::visit(writer, value);
  }
  if (is_target) message.set_is_target(*is_target);
  message.mutable_unknown_fields()->append(unknown_);
  return message;
}

OpDesc OpDesc::FromProto(const proto::OpDesc& message) {
  Require(!message.type().empty(), "the program has an op without a type");
  OpDesc op(message.type());
  ReadSlots(message.inputs(), message.type(), &op.inputs_);
  ReadSlots(message.outputs(), message.type(), &op.outputs_);
  std::set<std::string> seen;
  for (const auto& attr : message.attrs()) {
    Require(seen.insert(attr.name()).second, "op '", message.type(), "' has attribute '", attr.name(), "' twice");
    op.attrs_.emplace_back(attr.name(), ReadAttr(attr));
  }
  if (message.has_is_target()) op.is_target = message.is_target();
  op.unknown_ = message.unknown_fields();
  return op;
}

std::string OpDesc::Serialize() const { return ToProto().SerializeAsString(); }

}  // namespace paddle
