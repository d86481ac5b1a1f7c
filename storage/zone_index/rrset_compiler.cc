#include "storage/zone_index/rrset_compiler.h"

#include "storage/zone/rdata.h"
#include "storage/zone_index/layout.h"

namespace gatepost::storage {

namespace {

constexpr size_t kSignatureFixedSize = 18;  // RRSIG RDATA before the signer's name, RFC 4034 §3.1

void append_fixed(std::vector<uint8_t>& out, RRType type, uint32_t ttl, size_t rdata_length) {
    ByteWriter writer(out);
    writer.u16(0xc000 | kQuestionOffset);
    writer.u16(static_cast<uint16_t>(type));
    writer.u16(kClassIn);
    writer.u32(ttl);
    writer.u16(static_cast<uint16_t>(rdata_length));
}

// The longest suffix of `name` that `owner` ends in, in octets of it, the root octet included; 1:
// only the root.
size_t shared_suffix(DnameView name, DnameView owner) {
    while (!name.is_root() && !dname_is_subdomain(owner, name)) name = name.parent();
    return name.length();
}

// Appends a name, with a pointer into the owner for the suffix that they share.
bool append_name(std::vector<uint8_t>& out, DnameView name, DnameView owner) {
    size_t shared = shared_suffix(name, owner);
    // Of a wildcard's owner only what stands behind the '*' is in every question that it answers.
    if (owner.is_wildcard() && shared == owner.length()) shared = 1;
    if (shared <= 2) {  // a pointer takes two octets itself
        out.insert(out.end(), name.data(), name.data() + name.length());
        return false;
    }
    size_t kept = name.length() - shared;
    out.insert(out.end(), name.data(), name.data() + kept);
    auto target = static_cast<uint16_t>(kQuestionOffset + owner.length() - shared);
    ByteWriter(out).u16(0xc000 | target);
    return true;
}

void compile_record(DnameView owner, RRType type, uint32_t ttl, Bytes rdata, CompiledRRset& out) {
    RdataName names[kRdataNamesMax];
    size_t count = rdata_names(type, rdata, names);
    size_t start = out.data.size();
    append_fixed(out.data, type, ttl, rdata.size());
    size_t at = 0;
    for (size_t i = 0; i < count; ++i) {
        if (names[i].additional) out.flags |= kRRsetAdditional;
        if (!names[i].compressible) continue;
        out.data.insert(out.data.end(), rdata.begin() + static_cast<ptrdiff_t>(at),
                        rdata.begin() + static_cast<ptrdiff_t>(names[i].offset));
        DnameView name(rdata.data() + names[i].offset, names[i].length);
        if (append_name(out.data, name, owner)) out.flags |= kRRsetPointers;
        at = names[i].offset + names[i].length;
    }
    out.data.insert(out.data.end(), rdata.begin() + static_cast<ptrdiff_t>(at), rdata.end());
    size_t length = out.data.size() - start - kRRFixedSize;
    store_be16(out.data.data() + start + kRRFixedSize - 2, static_cast<uint16_t>(length));
}

}  // namespace

Status compile_rrset(DnameView owner, RRType type, uint32_t ttl, std::span<const Bytes> rdatas,
                     CompiledRRset& out) {
    out.type = static_cast<uint16_t>(type);
    out.count = 0;
    out.flags = 0;
    out.data.clear();
    if (rdatas.empty())
        return fail(ErrorCode::invalid, "{} {} has no value", dname_to_text(owner),
                    rrtype_to_text(type));
    if (rrtype_is_meta(type))
        return fail(ErrorCode::invalid, "{}: {} is not a type that a zone can hold",
                    dname_to_text(owner), rrtype_to_text(type));
    for (Bytes rdata : rdatas) {
        if (Status ok = rdata_check(type, rdata); !ok)
            return wrap(fmt::format("{} {}", dname_to_text(owner), rrtype_to_text(type)),
                        ok.error());
        compile_record(owner, type, ttl, rdata, out);
        if (out.data.size() > kRRsetSizeMax)
            return fail(
                ErrorCode::invalid,
                "{} {} has more data than fit into a DNS message ({} octets): take values out",
                dname_to_text(owner), rrtype_to_text(type), kRRsetSizeMax);
        ++out.count;
    }
    return {};
}

Result<uint16_t> compile_signature(Bytes rdata, std::vector<uint8_t>& out) {
    if (Status ok = rdata_check(RRType::RRSIG, rdata); !ok) return tl::unexpected(ok.error());
    if (rdata.size() <= kSignatureFixedSize)
        return fail(ErrorCode::invalid, "an RRSIG of {} octets is cut short", rdata.size());
    append_fixed(out, RRType::RRSIG, load_be32(rdata.data() + 4), rdata.size());
    out.insert(out.end(), rdata.begin(), rdata.end());
    return load_be16(rdata.data());
}

}  // namespace gatepost::storage
