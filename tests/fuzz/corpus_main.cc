// Runs a fuzz target without a fuzzer: over every file of the directories given, and over variants
// of each that a fixed seed makes, so that two runs do the same. If the target stops the process,
// the input is shown in hex.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;
using Input = std::vector<uint8_t>;

constexpr int kVariantsPerSeed = 300;
constexpr size_t kShownMax = 512;  // octets of an input that stops the process

std::string running_seed;
Input running_input;

// Called in a process that stops anyway: only write(2).
void show_input(int) {
    auto put = [](const std::string& text) {
        if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(1);
    };
    put("stopped on a variant of " + running_seed + ":\n");
    for (size_t i = 0; i < std::min(running_input.size(), kShownMax); ++i) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", running_input[i]);
        put(digits);
    }
    put("\n");
    std::signal(SIGABRT, SIG_DFL);
    std::raise(SIGABRT);
}

class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed * 2654435761 + 1) {}
    // xorshift64*
    size_t below(size_t bound) {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return static_cast<size_t>((state_ * 2685821657736338717U) >> 32) % bound;
    }

  private:
    uint64_t state_;
};

void mutate_once(Input& input, const Input& other, Random& random) {
    constexpr uint8_t kTelling[] = {0x00, 0xff, 0x7f, 0x80, 0xc0, 0x3f, '"',
                                    '\\', '.',  ' ',  '=',  ',',  '0'};
    size_t at = random.below(input.size() + 1);
    auto place = input.begin() + static_cast<ptrdiff_t>(at);
    bool inside = at < input.size();
    switch (random.below(7)) {
        case 0:
            if (inside) *place ^= static_cast<uint8_t>(1U << random.below(8));
            break;
        case 1:
            if (inside) *place = kTelling[random.below(std::size(kTelling))];
            break;
        case 2:
            input.insert(place, kTelling[random.below(std::size(kTelling))]);
            break;
        case 3:
            if (inside) input.erase(place);
            break;
        case 4:
            input.resize(at);
            break;
        case 5: {  // a piece of another seed
            size_t from = random.below(other.size() + 1);
            size_t length = random.below(other.size() - from + 1);
            input.insert(place, other.begin() + static_cast<ptrdiff_t>(from),
                         other.begin() + static_cast<ptrdiff_t>(from + length));
            break;
        }
        case 6: {  // a piece of its own, twice
            size_t length = random.below(input.size() - at + 1);
            Input piece(place, place + static_cast<ptrdiff_t>(length));
            input.insert(input.begin() + static_cast<ptrdiff_t>(at), piece.begin(), piece.end());
            break;
        }
    }
}

void run(const Input& input) {
    // A buffer of exactly its size, so that AddressSanitizer sees a read behind it.
    running_input = input;
    running_input.shrink_to_fit();
    LLVMFuzzerTestOneInput(running_input.data(), running_input.size());
}

Input read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return Input(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGABRT, show_input);
    std::vector<fs::path> paths;
    for (int i = 1; i < argc; ++i)
        for (const fs::directory_entry& entry : fs::directory_iterator(argv[i]))
            if (entry.is_regular_file()) paths.push_back(entry.path());
    std::ranges::sort(paths);  // the order of a directory differs from machine to machine
    if (paths.empty()) {
        std::fprintf(stderr, "no seeds: give directories with files in them\n");
        return 1;
    }
    std::vector<Input> seeds;
    for (const fs::path& path : paths) seeds.push_back(read_file(path));
    size_t count = 0;
    for (size_t i = 0; i < seeds.size(); ++i) {
        running_seed = paths[i].string();
        run(seeds[i]);
        Random random(i + 1);
        for (int variant = 0; variant < kVariantsPerSeed; ++variant) {
            Input input = seeds[i];
            for (size_t times = 1 + random.below(4); times > 0; --times)
                mutate_once(input, seeds[random.below(seeds.size())], random);
            run(input);
        }
        count += 1 + kVariantsPerSeed;
    }
    std::printf("ran %zu inputs from %zu seeds\n", count, seeds.size());
    return 0;
}
