# The module paddle._core, beside the pure Python files (linked, not copied), so that PYTHONPATH=<build>/python works.
find_package(Python 3.8 REQUIRED COMPONENTS Interpreter Development.Module)
# A copy: pip's build environment, where pybind11 may come from, is gone when an editable install builds again.
set(pybind11_DIR ${CMAKE_BINARY_DIR}/pybind11/share/cmake/pybind11)
if(NOT EXISTS ${pybind11_DIR})
  execute_process(COMMAND ${Python_EXECUTABLE} -c "import pybind11, os; print(os.path.dirname(pybind11.__file__))"
    OUTPUT_VARIABLE pybind11_folder OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${Python_EXECUTABLE} has no pybind11: run scripts/setup, or pip install pybind11")
  endif()
  file(COPY ${pybind11_folder}/include ${pybind11_folder}/share DESTINATION ${CMAKE_BINARY_DIR}/pybind11)
endif()
find_package(pybind11 CONFIG REQUIRED)

file(GLOB bindings CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/bindings/*.cc)
pybind11_add_module(_core MODULE NO_EXTRAS ${bindings})
target_include_directories(_core PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(_core PRIVATE paddle)
target_link_options(_core PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/python.map)
set_target_properties(_core PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/paddle
  BUILD_RPATH "$ORIGIN/lib" BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN/lib")
install(TARGETS _core LIBRARY DESTINATION . COMPONENT python)

file(GLOB entries RELATIVE ${CMAKE_SOURCE_DIR}/python/paddle CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/paddle/*)
list(REMOVE_ITEM entries __pycache__)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/python/paddle)
foreach(entry ${entries})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/paddle/${entry} ${CMAKE_BINARY_DIR}/python/paddle/${entry} SYMBOLIC)
endforeach()

# Types for editors, beside the module.
install(CODE "execute_process(
  COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${CMAKE_BINARY_DIR}/python ${Python_EXECUTABLE} ${CMAKE_SOURCE_DIR}/scripts/stubs \"\${CMAKE_INSTALL_PREFIX}\"
  COMMAND_ERROR_IS_FATAL ANY)" COMPONENT python)
