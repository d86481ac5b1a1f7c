// Record data for the tests: what is good, with its forms, and what is not, with the reason.
#pragma once

#include <cstddef>
#include <span>

namespace gatepost::storage {

struct RdataSample {
    const char* type;
    const char* text;   // relative names in it belong to example.com.
    const char* shown;  // how it is printed; "": as `text`
    const char* wire;   // in hex; taken from another name server where it knows the type
};
std::span<const RdataSample> rdata_samples();

struct RdataRefusal {
    const char* type;
    const char* text;
    size_t token;          // the culprit
    const char* fragment;  // of the message
};
std::span<const RdataRefusal> rdata_refusals();

struct RdataBadWire {
    const char* type;
    const char* wire;      // in hex
    const char* fragment;  // of the message
};
std::span<const RdataBadWire> rdata_bad_wires();

}  // namespace gatepost::storage
