import Foundation

print("A program in Swift, which is longer than what stands beside it.")
