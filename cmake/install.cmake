# What a C++ program needs: <prefix>/lib/libpaddle.so, <prefix>/include, and <prefix>/lib/cmake/Paddle for
# find_package(Paddle). In the wheel the prefix is the Python package itself. Installed headers include only the standard
# library and each other.
include(CMakePackageConfigHelpers)
install(TARGETS paddle EXPORT PaddleTargets LIBRARY DESTINATION lib)
install(DIRECTORY paddle DESTINATION include FILES_MATCHING PATTERN "*.h"
  PATTERN "ops" EXCLUDE PATTERN "math" EXCLUDE PATTERN "cuda" EXCLUDE)
install(EXPORT PaddleTargets NAMESPACE Paddle:: DESTINATION lib/cmake/Paddle FILE PaddleConfig.cmake)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/PaddleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/PaddleConfigVersion.cmake DESTINATION lib/cmake/Paddle)
