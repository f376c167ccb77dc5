# Installed beside the Python package: <prefix>/lib/libpaddle.so, <prefix>/include, <prefix>/lib/cmake/Paddle.
include(CMakePackageConfigHelpers)
install(TARGETS paddle EXPORT PaddleTargets LIBRARY DESTINATION lib)
install(DIRECTORY paddle DESTINATION include FILES_MATCHING PATTERN "*.h" PATTERN "ops" EXCLUDE PATTERN "math" EXCLUDE)
install(EXPORT PaddleTargets NAMESPACE Paddle:: DESTINATION lib/cmake/Paddle FILE PaddleConfig.cmake)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/PaddleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/PaddleConfigVersion.cmake DESTINATION lib/cmake/Paddle)
