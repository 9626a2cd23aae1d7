"""The pure core: what certificates, codes, trees and trust mean; no I/O at run time, no clock, no framework."""
