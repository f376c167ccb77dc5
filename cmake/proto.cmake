# proto/*.proto -> <build>/proto/*.pb.{h,cc}, one OBJECT library.
set(PROTO_DIR ${CMAKE_BINARY_DIR}/proto)
file(MAKE_DIRECTORY ${PROTO_DIR})
file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/*.proto)
set(generated)
foreach(proto ${protos})
  get_filename_component(name ${proto} NAME_WE)
  add_custom_command(
    OUTPUT ${PROTO_DIR}/${name}.pb.cc ${PROTO_DIR}/${name}.pb.h
    COMMAND ${Protobuf_PROTOC_EXECUTABLE} -I${CMAKE_SOURCE_DIR}/proto --cpp_out=${PROTO_DIR} ${proto}
    DEPENDS ${protos})
  list(APPEND generated ${PROTO_DIR}/${name}.pb.cc ${PROTO_DIR}/${name}.pb.h)
endforeach()
add_library(paddle_proto OBJECT ${generated})
target_include_directories(paddle_proto SYSTEM PUBLIC ${PROTO_DIR} ${Protobuf_INCLUDE_DIRS})
target_compile_options(paddle_proto PRIVATE -w)
