#include "controlplane/commit/binary_params.h"

namespace gatepost::controlplane {

namespace {

// PostgreSQL counts microseconds from 2000-01-01.
constexpr int64_t kPostgresEpochUs = 946'684'800'000'000;

}  // namespace

void BinaryArray::add(Bytes octets) {
    ByteWriter writer(octets_);
    writer.u32(static_cast<uint32_t>(octets.size()));
    writer.bytes(octets);
    ++count_;
}

void BinaryArray::add_text(std::string_view text) {
    add({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

void BinaryArray::add_int4(int32_t value) {
    ByteWriter writer(octets_);
    writer.u32(sizeof value);
    writer.u32(static_cast<uint32_t>(value));
    ++count_;
}

void BinaryArray::add_int8(int64_t value) {
    ByteWriter writer(octets_);
    writer.u32(sizeof value);
    writer.u64(static_cast<uint64_t>(value));
    ++count_;
}

void BinaryArray::add_boolean(bool value) {
    ByteWriter writer(octets_);
    writer.u32(1);
    writer.u8(value ? 1 : 0);
    ++count_;
}

void BinaryArray::add_uuid(const storage::BlobId& id) {
    ByteWriter writer(octets_);
    writer.u32(sizeof id.high + sizeof id.low);
    writer.u64(id.high);
    writer.u64(id.low);
    ++count_;
}

void BinaryArray::add_time(int64_t unix_us) {
    add_int8(unix_us - kPostgresEpochUs);
}

void BinaryArray::add_null() {
    ByteWriter(octets_).u32(0xffffffff);  // a length of -1
    ++count_;
    has_null_ = true;
}

std::vector<uint8_t> BinaryArray::octets() && {
    // Dimensions, whether there are NULLs, type; count of elements, number of the first.
    uint8_t* head = octets_.data();
    store_be32(head, count_ == 0 ? 0 : 1);
    store_be32(head + 4, has_null_ ? 1 : 0);
    store_be32(head + 8, static_cast<uint32_t>(element_));
    store_be32(head + 12, count_);
    store_be32(head + 16, 1);
    if (count_ == 0) octets_.resize(12);
    return std::move(octets_);
}

void BinaryParams::add_int4(int32_t value) {
    ByteWriter(values_.emplace_back()).u32(static_cast<uint32_t>(value));
}

void BinaryParams::add_int8(int64_t value) {
    ByteWriter(values_.emplace_back()).u64(static_cast<uint64_t>(value));
}

}  // namespace gatepost::controlplane
