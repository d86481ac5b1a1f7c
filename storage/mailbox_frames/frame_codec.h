// Writes and reads records by their lists of fields. Numbers are big-endian; texts, octets and
// lists stand behind their length or count in 4 octets; what may be missing stands behind 1, or is
// 0.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/mailbox_frames/frame_fields.h"

namespace gatepost::storage {

class FrameEncoder {
  public:
    explicit FrameEncoder(std::vector<uint8_t>& out) : writer_(out) {}

    // False: a record meant nothing.
    bool ok() const { return ok_; }

    void put(bool value) { writer_.u8(value ? 1 : 0); }
    void put(uint8_t value) { writer_.u8(value); }
    void put(uint16_t value) { writer_.u16(value); }
    void put(uint32_t value) { writer_.u32(value); }
    void put(uint64_t value) { writer_.u64(value); }
    void put(int64_t value) { writer_.u64(static_cast<uint64_t>(value)); }
    void put(Bytes octets) {
        put(static_cast<uint32_t>(octets.size()));
        writer_.bytes(octets);
    }
    void put(const std::vector<uint8_t>& octets) { put(Bytes(octets)); }
    void put(std::string_view text) {
        put(Bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
    }
    void put(const std::string& text) { put(std::string_view(text)); }

    template <typename Enum>
    requires std::is_enum_v<Enum>
    void put(Enum value) {
        ok_ &= value >= kFirst<Enum> && value <= kLast<Enum>;
        put(static_cast<std::underlying_type_t<Enum>>(value));
    }
    template <typename T>
    void put(const std::vector<T>& list) {
        put(static_cast<uint32_t>(list.size()));
        for (const T& element : list) put(element);
    }
    template <typename T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <typename A, typename B>
    void put(const std::pair<A, B>& both) {
        put(both.first);
        put(both.second);
    }
    template <HasFields Record>
    void put(const Record& record) {
        ok_ &= is_sound(record);
        std::apply([&](const auto&... fields) { (put_field(record, fields), ...); },
                   kFields<Record>);
    }

  private:
    template <typename Record, typename T>
    void put_field(const Record& record, T Record::*field) {
        put(record.*field);
    }
    template <typename Record>
    void put_field(const Record& record, const CutText<Record>& field) {
        put(cut_text(record.*field.member, field.octets_max));
    }
    template <typename Record>
    void put_field(const Record& record, const OmittedOctets<Record>& field) {
        const std::vector<uint8_t>& octets = record.*field.member;
        put(octets.size() > field.octets_max ? Bytes() : Bytes(octets));
    }

    ByteWriter writer_;
    bool ok_ = true;
};

// Refuses all that FrameEncoder does not write.
class FrameDecoder {
  public:
    explicit FrameDecoder(Bytes payload) : reader_(payload) {}

    // The payload was understood to its end.
    bool is_whole() const { return reader_.ok() && reader_.at_end(); }
    void fail() { reader_.fail(); }

    void take(bool& value) {
        const uint8_t octet = reader_.u8();
        if (octet > 1) reader_.fail();
        value = octet == 1;
    }
    void take(uint8_t& value) { value = reader_.u8(); }
    void take(uint16_t& value) { value = reader_.u16(); }
    void take(uint32_t& value) { value = reader_.u32(); }
    void take(uint64_t& value) { value = reader_.u64(); }
    void take(int64_t& value) { value = static_cast<int64_t>(reader_.u64()); }
    void take(std::vector<uint8_t>& octets) { take_octets(octets, kFramePayloadMax); }
    void take(std::string& text) { take_octets(text, kFramePayloadMax); }

    template <typename Enum>
    requires std::is_enum_v<Enum>
    void take(Enum& value) {
        std::underlying_type_t<Enum> number = 0;
        take(number);
        value = static_cast<Enum>(number);
        if (value < kFirst<Enum> || value > kLast<Enum>) reader_.fail();
    }
    template <typename T>
    void take(std::vector<T>& list) {
        const uint32_t count = reader_.u32();
        // No room is made beforehand: an element takes memory once its octets were there.
        for (uint32_t i = 0; i < count && reader_.ok(); ++i) take(list.emplace_back());
    }
    template <typename T>
    void take(std::optional<T>& value) {
        bool is_there = false;
        take(is_there);
        if (is_there) take(value.emplace());
    }
    template <typename A, typename B>
    void take(std::pair<A, B>& both) {
        take(both.first);
        take(both.second);
    }
    template <HasFields Record>
    void take(Record& record) {
        std::apply([&](const auto&... fields) { (take_field(record, fields), ...); },
                   kFields<Record>);
        if (!is_sound(record)) reader_.fail();
    }

  private:
    template <typename Record, typename T>
    void take_field(Record& record, T Record::*field) {
        take(record.*field);
    }
    template <typename Record>
    void take_field(Record& record, const CutText<Record>& field) {
        take_octets(record.*field.member, field.octets_max);
    }
    template <typename Record>
    void take_field(Record& record, const OmittedOctets<Record>& field) {
        take_octets(record.*field.member, field.octets_max);
    }
    template <typename Octets>
    void take_octets(Octets& octets, size_t octets_max) {
        const uint32_t size = reader_.u32();
        if (size > octets_max) reader_.fail();
        const Bytes found = reader_.ok() ? reader_.bytes(size) : Bytes();
        octets.assign(found.begin(), found.end());
    }

    ByteReader reader_;
};

}  // namespace gatepost::storage
