# libpaddle_cuda.so, the plug-in that registers the CUDA kernels when it is loaded: every .cu file of paddle/, and the host
# code in the cuda/ folders. cuBLASLt and cuDNN come from the toolkit, or from the PyPI wheels below PADDLE_CUDA_WHEELS
# (scripts/cuda-check fetches them); those carry no unversioned .so, so all are linked by path.
set(PADDLE_CUDA_WHEELS "" CACHE PATH "Folder of the unpacked nvidia-* wheels (empty: the toolkit has the libraries)")
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 90-virtual)
endif()
enable_language(CUDA)
find_package(CUDAToolkit 12 REQUIRED)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
if(NOT CMAKE_CUDA_COMPILER_LAUNCHER)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${PADDLE_LAUNCHER})
endif()

file(GLOB wheel_folders ${PADDLE_CUDA_WHEELS}/nvidia/*/lib)
function(paddle_cuda_library variable header)
  find_file(${variable} NAMES ${ARGN} PATHS ${wheel_folders} ${CUDAToolkit_LIBRARY_DIR} REQUIRED)
  file(GLOB wheel_includes ${PADDLE_CUDA_WHEELS}/nvidia/*/include)
  find_path(${variable}_INCLUDE ${header} PATHS ${wheel_includes} ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)
endfunction()
paddle_cuda_library(CUBLASLT cublasLt.h libcublasLt.so libcublasLt.so.13 libcublasLt.so.12)
paddle_cuda_library(CUDNN cudnn.h libcudnn.so libcudnn.so.9)

file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/paddle/*.cu ${CMAKE_SOURCE_DIR}/paddle/*/cuda/*.cc)
if(NOT sources)
  message(FATAL_ERROR "PADDLE_CUDA is on, but there is no .cu file below paddle/")
endif()
add_library(paddle_cuda SHARED ${sources})
target_include_directories(paddle_cuda PRIVATE ${CMAKE_SOURCE_DIR})
target_include_directories(paddle_cuda SYSTEM PRIVATE ${CUBLASLT_INCLUDE} ${CUDNN_INCLUDE} ${CUDAToolkit_INCLUDE_DIRS})
target_compile_options(paddle_cuda PRIVATE
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wno-restrict,-Wno-parentheses;--expt-relaxed-constexpr;--extended-lambda>)
target_link_libraries(paddle_cuda PRIVATE paddle CUDA::cudart_static ${CUBLASLT} ${CUDNN})
target_link_options(paddle_cuda PRIVATE -Wl,--no-undefined)
get_filename_component(cublas_folder ${CUBLASLT} DIRECTORY)
get_filename_component(cudnn_folder ${CUDNN} DIRECTORY)
set_target_properties(paddle_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/paddle/lib
  BUILD_RPATH "$ORIGIN;${cublas_folder};${cudnn_folder}"
  INSTALL_RPATH "$ORIGIN;$ORIGIN/../../nvidia/cu13/lib;$ORIGIN/../../nvidia/cudnn/lib")
install(TARGETS paddle_cuda LIBRARY DESTINATION lib)
