#include "bench/micro/sample_zones.h"

#include <fmt/format.h>

#include <cstdlib>

#include "storage/base/check.h"
#include "storage/zone/rdata.h"

namespace gatepost::bench {

namespace {

using storage::DnameView;
using storage::RRType;

storage::Dname name(const std::string& text) {
    auto result = storage::dname_from_text(text);
    GATEPOST_CHECK(result.has_value());
    return *result;
}

storage::SoaFields soa(const std::string& apex) {
    return {.mname = name("ns1." + apex),
            .rname = name("hostmaster." + apex),
            .serial = 1,
            .refresh = 7200,
            .retry = 3600,
            .expire = 1209600,
            .minimum = 300,
            .ttl = 3600};
}

class Filler {
  public:
    Filler(storage::ZoneIndexWriter& writer, storage::ZoneIndex zone, std::string apex)
        : writer_(writer), zone_(zone), apex_(std::move(apex)) {}

    void put(const std::string& label, RRType type, std::initializer_list<std::string> values) {
        std::string owner = label.empty() ? apex_ : label + "." + apex_;
        std::vector<std::vector<uint8_t>> wire;
        for (const std::string& value : values) {
            wire.emplace_back();
            GATEPOST_CHECK(
                storage::rdata_from_text(type, value, name(apex_), wire.back()).has_value());
        }
        std::vector<Bytes> rdatas(wire.begin(), wire.end());
        GATEPOST_CHECK(writer_.put_rrset(zone_, name(owner), type, 3600, rdatas).has_value());
    }

  private:
    storage::ZoneIndexWriter& writer_;
    storage::ZoneIndex zone_;
    std::string apex_;
};

SampleArena make_arena(size_t names) {
    SampleArena arena;
    arena.qsbr = std::make_unique<storage::Qsbr>();
    auto segment = storage::Segment::create("bench", size_t{2} << 30);
    GATEPOST_CHECK(segment.has_value());
    auto writer = storage::ZoneIndexWriter::create(std::move(*segment), *arena.qsbr, 1, names);
    GATEPOST_CHECK(writer.has_value());
    arena.writer = std::move(*writer);
    return arena;
}

void publish(SampleArena& arena) {
    arena.writer->publish({});
    auto image = storage::Image::map(UniqueFd(::dup(arena.writer->segment().fd())));
    GATEPOST_CHECK(image.has_value());
    arena.image = std::move(*image);
}

}  // namespace

SampleArena make_flat_zone(size_t names) {
    SampleArena arena = make_arena(names + 7000);
    const std::string apex = "example.com.";
    auto zone = arena.writer->add_zone(name(apex), soa(apex));
    GATEPOST_CHECK(zone.has_value());
    arena.zone = *zone;
    Filler fill(*arena.writer, *zone, apex);
    fill.put("", RRType::NS, {"ns1", "ns2"});
    fill.put("ns1", RRType::A, {"192.0.2.1"});
    fill.put("ns2", RRType::A, {"192.0.2.2"});
    fill.put("mail1", RRType::A, {"192.0.2.25"});
    fill.put("*.wild", RRType::A, {"192.0.2.99"});
    for (size_t i = 0; i < 1000; ++i) {
        fill.put(fmt::format("sub{}", i), RRType::NS,
                 {fmt::format("ns1.sub{}", i), fmt::format("ns2.sub{}", i)});
        fill.put(fmt::format("ns1.sub{}", i), RRType::A, {"198.51.100.1"});
        fill.put(fmt::format("ns2.sub{}", i), RRType::A, {"203.0.113.1"});
        fill.put(fmt::format("m{}", i), RRType::MX, {"10 mail1"});
        fill.put(fmt::format("c{}", i), RRType::CNAME, {fmt::format("h{}", i)});
    }
    for (size_t i = 0; i < names; ++i)
        fill.put(fmt::format("h{}", i), RRType::A,
                 {fmt::format("10.{}.{}.{}", i >> 16 & 255, i >> 8 & 255, i & 255)});
    publish(arena);
    return arena;
}

SampleArena make_many_zones(size_t zones) {
    SampleArena arena = make_arena(zones * 4);
    for (size_t i = 0; i < zones; ++i) {
        std::string apex = fmt::format("z{}.example.", i);
        auto zone = arena.writer->add_zone(name(apex), soa(apex));
        GATEPOST_CHECK(zone.has_value());
        Filler fill(*arena.writer, *zone, apex);
        fill.put("", RRType::NS, {"ns1.hosting.net.", "ns2.hosting.net."});
        fill.put("", RRType::A, {"192.0.2.80"});
        fill.put("", RRType::AAAA, {"2001:db8::80"});
        fill.put("", RRType::MX, {"10 mail"});
        fill.put("www", RRType::A, {"192.0.2.80"});
        fill.put("mail", RRType::A, {"192.0.2.25"});
        fill.put("_dmarc", RRType::TXT, {"\"v=DMARC1; p=reject\""});
        arena.writer->finish_zone();
    }
    publish(arena);
    return arena;
}

void QuerySet::add(const std::string& text, uint16_t type) {
    storage::Dname qname = name(text);
    size_t at = octets_.size();
    octets_.resize(at + kStride);
    uint8_t* p = octets_.data() + at;
    store_be16(p, static_cast<uint16_t>(lengths_.size()));
    store_be16(p + 4, 1);
    std::memcpy(p + 12, qname.view().data(), qname.length());
    store_be16(p + 12 + qname.length(), type);
    store_be16(p + 14 + qname.length(), storage::kClassIn);
    lengths_.push_back(static_cast<uint16_t>(16 + qname.length()));
}

}  // namespace gatepost::bench
