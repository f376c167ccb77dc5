/* The C interface: inference with a model saved by fluid.io.save_inference_model.
 *
 * Functions that can fail take `char** error` last: on failure it gets a text, to be freed with PD_Free, and they
 * return NULL or a nonzero number; `error` may be NULL. Names and pointers into objects live as long as the object.
 */
#ifndef PADDLE_IO_C_API_H_
#define PADDLE_IO_C_API_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PD_Predictor PD_Predictor;
typedef struct PD_Tensor PD_Tensor;

typedef enum {
  PD_BOOL = 0,
  PD_INT16 = 1,
  PD_INT32 = 2,
  PD_INT64 = 3,
  PD_FLOAT16 = 4,
  PD_FLOAT32 = 5,
  PD_FLOAT64 = 6,
  PD_UINT8 = 20,
  PD_INT8 = 21,
  PD_BFLOAT16 = 22
} PD_DType;

/* `model_file` NULL: "__model__"; `params_file` NULL: one file a parameter. */
PD_Predictor* PD_PredictorOpen(const char* folder, const char* model_file, const char* params_file, char** error);
PD_Predictor* PD_PredictorFromMemory(const void* program, size_t program_bytes, const void* params, size_t params_bytes,
                                     char** error);
/* Shares the weights. */
PD_Predictor* PD_PredictorClone(const PD_Predictor* predictor, char** error);
void PD_PredictorFree(PD_Predictor* predictor);

int PD_InputCount(const PD_Predictor* predictor);
int PD_OutputCount(const PD_Predictor* predictor);
const char* PD_InputName(const PD_Predictor* predictor, int i); /* NULL when there is no such input */
const char* PD_OutputName(const PD_Predictor* predictor, int i);

/* Takes one tensor an input and puts one new tensor an output into `outputs`. Safe from many threads. */
int PD_PredictorRun(PD_Predictor* predictor, const PD_Tensor* const* inputs, PD_Tensor** outputs, char** error);

/* A copy of `data`, row-major. */
PD_Tensor* PD_TensorNew(PD_DType dtype, const int64_t* shape, int rank, const void* data, char** error);
/* `offsets[k]`: the counts[k] offsets of level k, the first 0. */
int PD_TensorSetLod(PD_Tensor* tensor, int levels, const int64_t* const* offsets, const size_t* counts, char** error);
void PD_TensorFree(PD_Tensor* tensor);

PD_DType PD_TensorType(const PD_Tensor* tensor);
int PD_TensorRank(const PD_Tensor* tensor);
const int64_t* PD_TensorShape(const PD_Tensor* tensor);
const void* PD_TensorData(const PD_Tensor* tensor);
size_t PD_TensorBytes(const PD_Tensor* tensor);
int PD_TensorLodLevels(const PD_Tensor* tensor);
/* The offsets of a level and their number; NULL when there is no such level. */
const int64_t* PD_TensorLod(const PD_Tensor* tensor, int level, size_t* count);

void PD_Free(void* text);

#ifdef __cplusplus
}
#endif
#endif /* PADDLE_IO_C_API_H_ */
