#include "framework.pb.h"
#include "paddle/program/program.h"

namespace paddle {

using TensorDesc = proto::VarType::TensorDesc;

VarDesc::VarDesc(std::string_view name) : message_(std::make_unique<proto::VarDesc>()) {
  message_->set_name(std::string(name));
  message_->mutable_type()->set_type(static_cast<int>(VarKind::kTensor));
  message_->mutable_type()->mutable_lod_tensor()->mutable_tensor()->set_data_type(static_cast<int>(DType::kFloat32));
}

VarDesc::VarDesc(const proto::VarDesc& message) : message_(std::make_unique<proto::VarDesc>(message)) {}
VarDesc::VarDesc(const VarDesc& other) : VarDesc(*other.message_) {}
VarDesc::~VarDesc() = default;

void VarDesc::CopyFrom(const VarDesc& other) {
  *message_ = *other.message_;
  Edited();
}

namespace {

// The part of the message that has dtype and sizes; null for kinds without.
TensorDesc* MutableTensor(proto::VarDesc& message) {
  auto* type = message.mutable_type();
  switch (static_cast<VarKind>(type->type())) {
    case VarKind::kTensor:
      return type->mutable_lod_tensor()->mutable_tensor();
    case VarKind::kSelectedRows:
      return type->mutable_selected_rows();
    case VarKind::kTensorArray:
      return type->mutable_tensor_array()->mutable_tensor();
    default:
      return nullptr;
  }
}

const TensorDesc& TensorOf(const proto::VarDesc& message) {
  const auto& type = message.type();
  switch (static_cast<VarKind>(type.type())) {
    case VarKind::kTensor:
      return type.lod_tensor().tensor();
    case VarKind::kSelectedRows:
      return type.selected_rows();
    case VarKind::kTensorArray:
      return type.tensor_array().tensor();
    default:
      throw InvalidArgument(StrCat("variable '", message.name(), "' of kind ", static_cast<VarKind>(type.type()),
                                   " has no element type and shape"));
  }
}

}  // namespace

bool VarDesc::HasTensor() const {
  const VarKind k = kind();
  return k == VarKind::kTensor || k == VarKind::kSelectedRows || k == VarKind::kTensorArray;
}

const std::string& VarDesc::name() const { return message_->name(); }
void VarDesc::set_name(std::string_view name) {
  message_->set_name(std::string(name));
  Edited();
}

int VarDesc::raw_type() const { return message_->type().type(); }

void VarDesc::set_raw_type(int type) {
  if (type == raw_type()) return;
  TensorDesc kept;
  if (HasTensor()) kept = TensorOf(*message_);
  const int level = lod_level();
  message_->mutable_type()->Clear();
  message_->mutable_type()->set_type(type);
  if (TensorDesc* to = MutableTensor(*message_)) {
    *to = kept;
    if (level) set_lod_level(level);
  }
  Edited();
}

int VarDesc::raw_dtype() const { return TensorOf(*message_).data_type(); }

void VarDesc::set_raw_dtype(int dtype) {
  TensorOf(*message_);
  MutableTensor(*message_)->set_data_type(dtype);
  Edited();
}

std::vector<int64_t> VarDesc::shape() const {
  const auto& dims = TensorOf(*message_).dims();
  return {dims.begin(), dims.end()};
}

void VarDesc::set_shape(const std::vector<int64_t>& shape) {
  TensorOf(*message_);
  auto* dims = MutableTensor(*message_)->mutable_dims();
  dims->Clear();
  dims->Add(shape.begin(), shape.end());
  Edited();
}

int VarDesc::lod_level() const {
  const auto& type = message_->type();
  return kind() == VarKind::kTensorArray ? type.tensor_array().lod_level() : type.lod_tensor().lod_level();
}

void VarDesc::set_lod_level(int level) {
  Require(level >= 0 && level <= kMaxRank, "variable '", name(), "' cannot have LoD level ", level);
  auto* type = message_->mutable_type();
  if (kind() == VarKind::kTensor)
    type->mutable_lod_tensor()->set_lod_level(level);
  else if (kind() == VarKind::kTensorArray)
    type->mutable_tensor_array()->set_lod_level(level);
  else
    Require(level == 0, "variable '", name(), "' of kind ", kind(), " has no LoD");
  Edited();
}

std::vector<std::vector<int64_t>> VarDesc::reader_shapes() const {
  std::vector<std::vector<int64_t>> shapes;
  for (const auto& one : message_->type().reader().lod_tensor()) {
    const auto& dims = one.tensor().dims();
    shapes.emplace_back(dims.begin(), dims.end());
  }
  return shapes;
}

std::vector<int> VarDesc::reader_dtypes() const {
  std::vector<int> dtypes;
  for (const auto& one : message_->type().reader().lod_tensor()) dtypes.push_back(one.tensor().data_type());
  return dtypes;
}

std::vector<int> VarDesc::reader_lod_levels() const {
  std::vector<int> levels;
  for (const auto& one : message_->type().reader().lod_tensor()) levels.push_back(one.lod_level());
  return levels;
}

void VarDesc::set_reader(const std::vector<std::vector<int64_t>>& shapes, const std::vector<int>& dtypes,
                         const std::vector<int>& lod_levels) {
  Require(kind() == VarKind::kReader, "variable '", name(), "' is no reader");
  Require(shapes.size() == dtypes.size() && shapes.size() == lod_levels.size(),
          "a reader needs as many shapes as dtypes and LoD levels");
  auto* reader = message_->mutable_type()->mutable_reader();
  reader->Clear();
  for (size_t i = 0; i < shapes.size(); ++i) {
    auto* one = reader->add_lod_tensor();
    one->mutable_tensor()->set_data_type(dtypes[i]);
    one->mutable_tensor()->mutable_dims()->Add(shapes[i].begin(), shapes[i].end());
    one->set_lod_level(lod_levels[i]);
  }
  Edited();
}

bool VarDesc::persistable() const { return message_->persistable(); }
void VarDesc::set_persistable(bool value) {
  message_->set_persistable(value);
  Edited();
}
bool VarDesc::need_check_feed() const { return message_->need_check_feed(); }
void VarDesc::set_need_check_feed(bool value) {
  message_->set_need_check_feed(value);
  Edited();
}
bool VarDesc::is_parameter() const { return message_->is_parameter(); }
void VarDesc::set_is_parameter(bool value) {
  message_->set_is_parameter(value);
  Edited();
}
bool VarDesc::stop_gradient() const { return message_->stop_gradient(); }
void VarDesc::set_stop_gradient(bool value) {
  message_->set_stop_gradient(value);
  Edited();
}

TensorMeta VarDesc::Meta() const {
  TensorMeta meta;
  meta.kind = kind();
  if (!HasTensor()) return meta;
  const auto dtype = ToDType(raw_dtype());
  Require(dtype.has_value(), "variable '", name(), "' has element type number ", raw_dtype(),
          ", which this version does not know");
  meta.dtype = *dtype;
  meta.dims = Dims(shape());
  meta.lod_level = lod_level();
  return meta;
}

void VarDesc::SetMeta(const TensorMeta& meta) {
  set_raw_type(static_cast<int>(meta.kind));
  if (!HasTensor()) return;
  set_raw_dtype(static_cast<int>(meta.dtype));
  set_shape(meta.dims.ToVector());
  if (meta.kind != VarKind::kSelectedRows && (meta.lod_level != 0 || lod_level() != 0)) set_lod_level(meta.lod_level);
}

std::string VarDesc::Serialize() const { return message_->SerializeAsString(); }

}  // namespace paddle
