# proto/framework.proto -> framework.pb.{h,cc}
set(PROTO_DIR ${CMAKE_BINARY_DIR}/proto)
file(MAKE_DIRECTORY ${PROTO_DIR})
add_custom_command(
  OUTPUT ${PROTO_DIR}/framework.pb.cc ${PROTO_DIR}/framework.pb.h
  COMMAND ${Protobuf_PROTOC_EXECUTABLE} -I${CMAKE_SOURCE_DIR}/proto --cpp_out=${PROTO_DIR} ${CMAKE_SOURCE_DIR}/proto/framework.proto
  DEPENDS ${CMAKE_SOURCE_DIR}/proto/framework.proto)
add_library(paddle_proto OBJECT ${PROTO_DIR}/framework.pb.cc ${PROTO_DIR}/framework.pb.h)
target_include_directories(paddle_proto SYSTEM PUBLIC ${PROTO_DIR} ${Protobuf_INCLUDE_DIRS})
target_compile_options(paddle_proto PRIVATE -Wno-error -w)
