#include "paddle/program/parse_op.h"

#include "framework.pb.h"

namespace paddle {

OpDesc ParseOp(std::string_view bytes) {
  proto::OpDesc message;
  Require(bytes.size() < (size_t{1} << 31) && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())),
          "the ", bytes.size(), " bytes are not a serialised OpDesc");
  return OpDesc::FromProto(message);
}

}  // namespace paddle
