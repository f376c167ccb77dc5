# The module paddle._core, beside the pure Python files (linked, not copied), so that PYTHONPATH=<build>/python works.
find_package(Python 3.8 REQUIRED COMPONENTS Interpreter Development.Module)
execute_process(COMMAND ${Python_EXECUTABLE} -m pybind11 --cmakedir OUTPUT_VARIABLE pybind11_folder
  OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${Python_EXECUTABLE} has no pybind11: run scripts/setup, or pip install pybind11")
endif()
set(pybind11_DIR ${pybind11_folder} CACHE PATH "" FORCE)
find_package(pybind11 CONFIG REQUIRED)

file(GLOB bindings CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/bindings/*.cc)
pybind11_add_module(_core MODULE NO_EXTRAS ${bindings})
target_include_directories(_core PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(_core PRIVATE paddle)
set_target_properties(_core PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/paddle
  BUILD_RPATH "$ORIGIN/lib" BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN/lib")
install(TARGETS _core LIBRARY DESTINATION . COMPONENT python)

file(GLOB entries RELATIVE ${CMAKE_SOURCE_DIR}/python/paddle CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/paddle/*)
list(REMOVE_ITEM entries __pycache__)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/python/paddle)
foreach(entry ${entries})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/paddle/${entry} ${CMAKE_BINARY_DIR}/python/paddle/${entry} SYMBOLIC)
endforeach()
