# libpaddle.so: one OBJECT library a folder of paddle/, and one a family of paddle/ops/, each over a glob. OBJECT libraries,
# because from a static archive the linker would drop the files whose only content is a registration.
add_library(paddle_flags INTERFACE)
target_include_directories(paddle_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_include_directories(paddle_flags SYSTEM INTERFACE ${PROTO_DIR} ${Protobuf_INCLUDE_DIRS})
target_link_libraries(paddle_flags INTERFACE OpenMP::OpenMP_CXX DNNL::dnnl Eigen3::Eigen PkgConfig::HWY)

set(PADDLE_OBJECTS $<TARGET_OBJECTS:paddle_proto>)

function(paddle_folder folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/paddle/${folder}/*.cc)
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target paddle_${folder})
  add_library(${target} OBJECT ${sources})
  target_link_libraries(${target} PRIVATE paddle_flags)
  add_dependencies(${target} paddle_proto)
  # Every class and function of the namespace is exported, by the version script; the rest is not.
  target_compile_options(${target} PRIVATE -fvisibility=default)
  if(folder MATCHES "^(math|ops)")
    # Nobody reads errno or floating point exceptions: loops with conditions and square roots become vector code.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O3> -fno-math-errno -fno-trapping-math)
  endif()
  set(PADDLE_OBJECTS ${PADDLE_OBJECTS} $<TARGET_OBJECTS:${target}> PARENT_SCOPE)
endfunction()

foreach(folder base device tensor math program op autodiff pass runtime io distributed)
  paddle_folder(${folder})
endforeach()
file(GLOB families RELATIVE ${CMAKE_SOURCE_DIR}/paddle CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/paddle/ops/*)
foreach(family ${families})
  if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/paddle/${family})
    paddle_folder(${family})
  endif()
endforeach()

add_library(paddle SHARED ${PADDLE_OBJECTS})
add_library(Paddle::paddle ALIAS paddle)
target_include_directories(paddle PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
target_link_libraries(paddle PRIVATE OpenMP::OpenMP_CXX DNNL::dnnl PkgConfig::HWY protobuf::libprotobuf-lite ${CMAKE_DL_LIBS})
target_link_options(paddle PRIVATE -Wl,--no-undefined -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/paddle.map)
set_target_properties(paddle PROPERTIES LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/paddle.map
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/paddle/lib INSTALL_RPATH "$ORIGIN")
