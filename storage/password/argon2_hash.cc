#include "storage/password/argon2_hash.h"

#include <argon2.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include "storage/base/check.h"
#include "storage/password/base64.h"
#include "storage/password/number_text.h"

namespace gatepost::storage {

namespace {

constexpr size_t kSaltMin = 8;     // octets; RFC 9106 §3.1
constexpr size_t kHashMin = 4;     // octets; the same
constexpr size_t kSaltMax = 1024;  // octets; many times what anybody uses
constexpr size_t kHashMax = 1024;  // octets; the same
constexpr uint32_t kLanesMax = 0xffffff;
constexpr uint32_t kBlocksPerLane = 8;  // RFC 9106 §3.1: at least 8 KiB for each lane

std::string_view type_name(Argon2Hash::Type type) {
    switch (type) {
        case Argon2Hash::Type::d:
            return "argon2d";
        case Argon2Hash::Type::i:
            return "argon2i";
        case Argon2Hash::Type::id:
            return "argon2id";
    }
    return {};
}

std::optional<Argon2Hash::Type> find_type(std::string_view name) {
    for (auto type : {Argon2Hash::Type::d, Argon2Hash::Type::i, Argon2Hash::Type::id})
        if (type_name(type) == name) return type;
    return std::nullopt;
}

// "m=" and a number, up to the next comma.
bool take_parameter(std::string_view& text, std::string_view name, uint32_t& value) {
    std::string_view field = take_field(text, ',');
    if (!field.starts_with(name)) return false;
    const auto number = decimal_number<uint32_t>(field.substr(name.size()));
    if (!number) return false;
    value = *number;
    return true;
}

// Mapped for this hash alone, and gone afterwards: memory of this size that went back to the
// allocator would stay with the thread. MAP_POPULATE: one call, not a page fault every 4 KiB.
int map_memory(uint8_t** memory, size_t octets) {
    void* mapped = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    *memory = mapped == MAP_FAILED ? nullptr : static_cast<uint8_t*>(mapped);
    return mapped == MAP_FAILED ? ARGON2_MEMORY_ALLOCATION_ERROR : ARGON2_OK;
}

void unmap_memory(uint8_t* memory, size_t octets) {
    ::munmap(memory, octets);
}

uint8_t* mutable_octets(std::string_view text) {
    // The library's interface has them writable for an option that is off here, of wiping them.
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

std::optional<Argon2Hash> Argon2Hash::parse(std::string_view text) {
    if (!text.starts_with('$')) return std::nullopt;
    text.remove_prefix(1);
    Argon2Hash parsed;
    const auto type = find_type(take_field(text, '$'));
    if (!type) return std::nullopt;
    parsed.type = *type;
    parsed.version = 16;  // where none is named
    if (text.starts_with("v=")) {
        const auto version = decimal_number<uint32_t>(take_field(text, '$').substr(2));
        if (version != 16 && version != 19) return std::nullopt;
        parsed.version = *version;
    }
    std::string_view costs = take_field(text, '$');
    if (!take_parameter(costs, "m=", parsed.memory_kib) ||
        !take_parameter(costs, "t=", parsed.passes) || !take_parameter(costs, "p=", parsed.lanes) ||
        !costs.empty())
        return std::nullopt;
    auto salt = decode_base64(take_field(text, '$'), Base64Padding::absent);
    auto hash = decode_base64(text, Base64Padding::absent);
    if (!salt || !hash || salt->size() < kSaltMin || salt->size() > kSaltMax ||
        hash->size() < kHashMin || hash->size() > kHashMax)
        return std::nullopt;
    if (parsed.passes == 0 || parsed.lanes == 0 || parsed.lanes > kLanesMax ||
        parsed.memory_kib / kBlocksPerLane < parsed.lanes)
        return std::nullopt;
    parsed.salt = std::move(*salt);
    parsed.hash = std::move(*hash);
    return parsed;
}

std::string Argon2Hash::text() const {
    return fmt::format("${}$v={}$m={},t={},p={}${}${}", type_name(type), version, memory_kib,
                       passes, lanes, encode_base64(salt, Base64Padding::absent),
                       encode_base64(hash, Base64Padding::absent));
}

std::optional<std::string> compute_argon2(std::string_view password, const Argon2Hash& parameters) {
    std::string result(parameters.hash.size(), '\0');
    argon2_context context{};
    context.out = mutable_octets(result);
    context.outlen = static_cast<uint32_t>(result.size());
    context.pwd = mutable_octets(password);
    context.pwdlen = static_cast<uint32_t>(password.size());
    context.salt = mutable_octets(parameters.salt);
    context.saltlen = static_cast<uint32_t>(parameters.salt.size());
    context.t_cost = parameters.passes;
    context.m_cost = parameters.memory_kib;
    context.lanes = parameters.lanes;
    context.threads = 1;  // no thread may be started where the system-call filter is on
    context.version = parameters.version;
    context.allocate_cbk = map_memory;
    context.free_cbk = unmap_memory;
    context.flags = ARGON2_DEFAULT_FLAGS;
    argon2_type type = Argon2_id;
    if (parameters.type == Argon2Hash::Type::d) type = Argon2_d;
    if (parameters.type == Argon2Hash::Type::i) type = Argon2_i;
    const int done = ::argon2_ctx(&context, type);
    if (done == ARGON2_MEMORY_ALLOCATION_ERROR) return std::nullopt;
    GATEPOST_CHECK(done == ARGON2_OK);
    return result;
}

}  // namespace gatepost::storage
