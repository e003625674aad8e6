/* What carries mId's primitives (TS 102 921 annexes C and D; etsi-m2m.md 8.3). */
#ifndef MODELS_PROC_BINDING_H
#define MODELS_PROC_BINDING_H

enum binding { BINDING_HTTP, BINDING_COAP };

#endif
