# The helpers of benchmarks/executor: the plain kernel loop, and the cost of shapes that change.
foreach(helper loop shapes)
  add_executable(executor_${helper} ${CMAKE_SOURCE_DIR}/benchmarks/executor/${helper}.cc)
  target_include_directories(executor_${helper} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(executor_${helper} PRIVATE paddle)
endforeach()
