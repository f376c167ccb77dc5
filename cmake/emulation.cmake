# The plug-in's own code compiled for the host, as <build>/emulation/libpaddle_cuda.so, with one "GPU" whose memory is
# the host's: what can be tested of it where no GPU is (tests/gpu/run --emulate). Of cuBLASLt it has nothing, of cuDNN the
# calls for recurrent layers, which it checks and answers by the CPU's.
set(emulation ${CMAKE_SOURCE_DIR}/tests/gpu/emulation)
file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/paddle/*.cu ${CMAKE_SOURCE_DIR}/paddle/*/cuda/*.cc
  ${emulation}/*.cc)
list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/paddle/math/cuda/gemm.cc ${CMAKE_SOURCE_DIR}/paddle/math/cuda/conv.cc)
set_source_files_properties(${sources} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-xc++")
add_library(paddle_cuda_emulation SHARED ${sources})
target_include_directories(paddle_cuda_emulation PRIVATE ${CMAKE_SOURCE_DIR})
target_include_directories(paddle_cuda_emulation SYSTEM PRIVATE ${emulation}/include)
target_link_libraries(paddle_cuda_emulation PRIVATE paddle)
target_link_options(paddle_cuda_emulation PRIVATE -Wl,--no-undefined)
set_target_properties(paddle_cuda_emulation PROPERTIES OUTPUT_NAME paddle_cuda
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/emulation)
