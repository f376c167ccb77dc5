# The plain kernel loop of benchmarks/executor.
add_executable(executor_loop ${CMAKE_SOURCE_DIR}/benchmarks/executor/loop.cc)
target_include_directories(executor_loop PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(executor_loop PRIVATE paddle)
