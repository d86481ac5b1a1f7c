#include "dataplane/netio/listen_address.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

TEST(ListenAddress, EveryWayOfWritingOne) {
    struct Case {
        const char* text;
        const char* printed;
        int family;
        bool wildcard;
    };
    for (const Case& c : {
             Case{"192.0.2.1@53", "192.0.2.1@53", AF_INET, false},
             Case{"192.0.2.1:5300", "192.0.2.1@5300", AF_INET, false},
             Case{"0.0.0.0@53", "0.0.0.0@53", AF_INET, true},
             Case{"::@53", "::@53", AF_INET6, true},
             Case{"[::]:53", "::@53", AF_INET6, true},
             Case{"[2001:db8::1]:53", "2001:db8::1@53", AF_INET6, false},
             Case{"[2001:db8::1]@53", "2001:db8::1@53", AF_INET6, false},
             Case{"2001:db8::1@65535", "2001:db8::1@65535", AF_INET6, false},
             Case{"fe80::1%lo@53", "fe80::1%lo@53", AF_INET6, false},
             Case{"127.0.0.1@0", "127.0.0.1@0", AF_INET, false},
         }) {
        auto address = parse_listen_address(c.text);
        ASSERT_TRUE(address) << c.text << ": " << address.error().message;
        EXPECT_EQ(c.printed, address->text());
        EXPECT_EQ(c.family, address->family());
        EXPECT_EQ(c.wildcard, address->is_wildcard());
    }
}

TEST(ListenAddress, RefusesWhatIsNone) {
    for (const char* text :
         {"", "127.0.0.1", "@53", "127.0.0.1@", "127.0.0.1@65536", "127.0.0.1@-1", "127.0.0.1@dns",
          "localhost@53", "::1", "2001:db8::1:53", "[::1]", "[::1]53", "[::1",
          "fe80::1%nosuchinterface@53", "256.0.0.1@53", "127.0.0.1@53 "}) {
        auto address = parse_listen_address(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(ErrorCode::usage, address.error().code);
        EXPECT_NE(std::string::npos, address.error().message.find(text));
    }
}

}  // namespace
}  // namespace gatepost::dataplane
