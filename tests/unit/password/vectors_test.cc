// Every hash of the shared collection: Dovecot's schemes, each twice, and variants.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "storage/password/verify.h"

namespace gatepost::storage {
namespace {

// A line: name, tab, hash, and in variants another tab and "(password: …; remark)".
struct Vector {
    std::string name;
    std::string stored;
    std::string password = "secret";
    std::string login = "alice@example.test";
};

Vector read_vector(const std::string& line) {
    Vector vector;
    const size_t first = line.find('\t');
    const size_t second = line.find('\t', first + 1);
    vector.name = line.substr(0, first);
    vector.stored = line.substr(first + 1, second - first - 1);
    if (second != std::string::npos) {
        constexpr std::string_view kMark = "(password: ";
        const size_t begin = line.find(kMark, second) + kMark.size();
        vector.password = line.substr(begin, line.find_first_of(";)", begin) - begin);
        if (vector.password == "100 x") vector.password = std::string(100, 'x');
    }
    if (const size_t user = vector.name.find(" -u "); user != std::string::npos)
        vector.login = vector.name.substr(user + 4);
    return vector;
}

TEST(Vectors, EveryOneIsVerified) {
    const char* folder = std::getenv("GATEPOST_SHARED_DATA");
    if (folder == nullptr) GTEST_SKIP() << "GATEPOST_SHARED_DATA is not set: no vectors to read";
    std::ifstream file(std::string(folder) + "/passwords/vectors.txt");
    ASSERT_TRUE(file);
    size_t count = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        const Vector vector = read_vector(line);
        SCOPED_TRACE(line);
        EXPECT_EQ(verify_password(vector.password, vector.stored, vector.login),
                  VerifyOutcome::match);
        EXPECT_EQ(verify_password("Another", vector.stored, vector.login), VerifyOutcome::mismatch);
        ++count;
    }
    EXPECT_GT(count, 100u);
}

}  // namespace
}  // namespace gatepost::storage
