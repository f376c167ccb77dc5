# libpaddle.so: one OBJECT library a folder of paddle/, and one a family of paddle/ops/, each over a glob. OBJECT libraries,
# because from a static archive the linker would drop the files whose only content is a registration.
add_library(paddle_flags INTERFACE)
target_include_directories(paddle_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_include_directories(paddle_flags SYSTEM INTERFACE ${PROTO_DIR} ${Protobuf_INCLUDE_DIRS})
target_link_libraries(paddle_flags INTERFACE OpenMP::OpenMP_CXX DNNL::dnnl Eigen3::Eigen PkgConfig::HWY)

set(PADDLE_OBJECTS $<TARGET_OBJECTS:paddle_proto>)

function(paddle_folder folder)
  file(GLOB_RECURSE sources RELATIVE ${CMAKE_SOURCE_DIR}/paddle CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/paddle/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/cuda/")  # the plug-in's (cuda.cmake)
  list(TRANSFORM sources PREPEND ${CMAKE_SOURCE_DIR}/paddle/)
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
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O3> -fno-math-errno -fno-trapping-math)
  endif()
  set(PADDLE_OBJECTS ${PADDLE_OBJECTS} $<TARGET_OBJECTS:${target}> PARENT_SCOPE)
endfunction()

file(GLOB folders RELATIVE ${CMAKE_SOURCE_DIR}/paddle LIST_DIRECTORIES true CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/paddle/*)
list(REMOVE_ITEM folders ops)
if(PADDLE_OPS)
  file(GLOB families RELATIVE ${CMAKE_SOURCE_DIR}/paddle CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/paddle/ops/*)
  list(APPEND folders ${families})
endif()
foreach(folder ${folders})
  if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/paddle/${folder})
    paddle_folder(${folder})
  endif()
endforeach()

add_library(paddle SHARED ${PADDLE_OBJECTS})
add_library(Paddle::paddle ALIAS paddle)
target_compile_features(paddle INTERFACE cxx_std_20)
target_include_directories(paddle PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
target_link_libraries(paddle PRIVATE OpenMP::OpenMP_CXX DNNL::dnnl PkgConfig::HWY protobuf::libprotobuf-lite ${CMAKE_DL_LIBS})
target_link_options(paddle PRIVATE -Wl,--no-undefined -Wl,-Bsymbolic-functions
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/paddle.map)
set_target_properties(paddle PROPERTIES LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/paddle.map
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/paddle/lib INSTALL_RPATH "$ORIGIN")
