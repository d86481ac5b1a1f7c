#include "tests/support/test_arena.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>

#include "storage/base/check.h"
#include "storage/zone/rdata.h"

namespace gatepost::tests {

using storage::RRType;

storage::Dname dname(const std::string& text, const std::string& origin) {
    auto base = storage::dname_from_text(origin);
    GATEPOST_CHECK(base.has_value());
    auto name = storage::dname_from_text(text, *base);
    GATEPOST_CHECK(name.has_value());
    return *name;
}

storage::SoaFields sample_soa(const std::string& apex, uint32_t serial) {
    return {.mname = dname("ns1", apex),
            .rname = dname("hostmaster", apex),
            .serial = serial,
            .refresh = 7200,
            .retry = 3600,
            .expire = 1209600,
            .minimum = 300,
            .ttl = 3600};
}

TestArena::TestArena(size_t size) : qsbr_(std::make_unique<storage::Qsbr>()) {
    auto segment = storage::Segment::create("test", size);
    GATEPOST_CHECK(segment.has_value());
    auto writer = storage::ZoneIndexWriter::create(std::move(*segment), *qsbr_, 1);
    GATEPOST_CHECK(writer.has_value());
    writer_ = std::move(*writer);
    auto image = storage::Image::map(UniqueFd(::dup(writer_->segment().fd())));
    GATEPOST_CHECK(image.has_value());
    image_ = std::move(*image);
}

storage::ZoneIndex TestArena::add_zone(const std::string& apex) {
    auto zone = writer_->add_zone(dname(apex), sample_soa(apex));
    EXPECT_TRUE(zone.has_value()) << (zone ? "" : zone.error().message);
    zones_[apex] = *zone;
    return *zone;
}

Status TestArena::try_put(const std::string& apex, const std::string& line) {
    std::istringstream in(line);
    std::string owner;
    std::string type_text;
    std::string values;
    uint32_t ttl;
    in >> owner >> ttl >> type_text;
    std::getline(in, values);
    auto type = storage::rrtype_from_text(type_text);
    GATEPOST_CHECK(type.has_value());
    std::vector<std::vector<uint8_t>> wire;
    std::istringstream parts(values);
    for (std::string value; std::getline(parts, value, '|');) {
        wire.emplace_back();
        Status ok = storage::rdata_from_text(*type, value, dname(apex), wire.back());
        if (!ok) return ok;
    }
    std::vector<Bytes> rdatas(wire.begin(), wire.end());
    return writer_->put_rrset(zones_.at(apex), dname(owner, apex), *type, ttl, rdatas);
}

void TestArena::put(const std::string& apex, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        Status ok = try_put(apex, line);
        EXPECT_TRUE(ok.has_value()) << line << ": " << (ok ? "" : ok.error().message);
    }
}

void TestArena::remove(const std::string& apex, const std::string& owner, const std::string& type) {
    Status ok = writer_->remove_rrset(zones_.at(apex), dname(owner, apex),
                                      *storage::rrtype_from_text(type));
    EXPECT_TRUE(ok.has_value()) << (ok ? "" : ok.error().message);
}

void TestArena::publish(uint64_t lsn) {
    writer_->publish({.commit_lsn = lsn});
}

}  // namespace gatepost::tests
